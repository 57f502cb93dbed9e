package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ring changes under open flows with {@link Tracking#ADAPTIVE}, on a fake clock. */
class AdaptiveTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(1031).flowTableSize(1 << 16));
  private static final Duration WINDOW = CONFIG.flowRules().changeWindow();
  private static final Duration IDLE = Duration.ofMinutes(5);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).idleTime(IDLE).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(ONE, TWO).build();
  private static final int FLOWS = 300;
  private static final int FIRST_PORT = 2000;

  private final FakeClock clock = new FakeClock();
  private final Control control =
      Balancers.control(new JavaDataplane(CONFIG, clock::nanos), CONFIG, clock, Ticker.THREADS);
  private final LoadBalancer lb = Balancers.over(control);

  @AfterEach
  void close() {
    lb.close();
  }

  private InetAddress backendOf(int port, boolean isSyn) {
    byte[] frame = Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame();
    if (isSyn) {
      frame[14 + 20 + 13] = 0x02;
    }
    return Encapsulated.read(lb.simulate(frame).frame()).destination();
  }

  private InetAddress backendOf(int port) {
    return backendOf(port, false);
  }

  /** Sends a packet of each open connection and returns its backend by source port. */
  private Map<Integer, InetAddress> sendOnOpenFlows() {
    Map<Integer, InetAddress> backends = new HashMap<>();
    for (int port = FIRST_PORT; port < FIRST_PORT + FLOWS; port++) {
      backends.put(port, backendOf(port));
    }
    return backends;
  }

  private VipStatus status() {
    return lb.status(WEB.key()).orElseThrow();
  }

  private void pass(Duration time) {
    clock.pass(time);
    control.tick();
  }

  /** Advances the clock until all slots are stable, or long enough that they should be. */
  private void passUntilStable() {
    for (int i = 0; i < 40 && !status().isStable(); i++) {
      pass(IDLE.dividedBy(10));
      control.tick();
    }
  }

  @Test
  void put_openConnections_stayWhileNewOnesFollowTheRing() {
    lb.put(WEB);
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    lb.put(WEB.with(THREE));
    assertThat(sendOnOpenFlows()).isEqualTo(before);
    long atThree =
        openFlows(9000, FLOWS).stream().filter(backend -> backend.equals(THREE.address())).count();
    assertThat(atThree).isBetween(FLOWS / 5L, FLOWS / 2L);

    pass(WINDOW);
    assertThat(sendOnOpenFlows()).isEqualTo(before);
    lb.put(WEB.with(THREE).with(ONE.weight(5)));
    assertThat(sendOnOpenFlows()).isEqualTo(before);
    lb.put(WEB.with(THREE).draining(TWO.key()));
    assertThat(sendOnOpenFlows()).isEqualTo(before);
  }

  /** Opens connections from consecutive source ports and returns their backends. */
  private List<InetAddress> openFlows(int firstPort, int number) {
    List<InetAddress> backends = new ArrayList<>();
    for (int port = firstPort; port < firstPort + number; port++) {
      backends.add(backendOf(port, true));
    }
    return backends;
  }

  @Test
  void simulate_noChangeInFlight_tracksNothing() {
    lb.put(WEB);
    sendOnOpenFlows();
    openFlows(9000, FLOWS);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isZero();
    assertThat(lb.counters().flowTable().lookups()).isZero();
    assertThat(status())
        .isEqualTo(
            new VipStatus(1031, 0, 0, Optional.empty(), 0, 0, OptionalLong.empty(), 1 << 16));
  }

  @Test
  void status_duringAndAfterWindow_countsSlotsAndDisplacedFlows() {
    lb.put(WEB);
    lb.put(WEB.with(THREE));
    VipStatus changing = status();
    assertThat(changing.changing()).isBetween(1031 / 5, 1031 / 2);
    assertThat(changing.stable()).isEqualTo(1031 - changing.changing());
    assertThat(changing.settlesAt()).contains(clock.instant().plus(WINDOW));
    sendOnOpenFlows();
    long displaced = status().displacedFlows();
    assertThat(displaced).isBetween(FLOWS / 5L, FLOWS / 2L);

    pass(WINDOW);
    VipStatus settled = status();
    assertThat(settled.changing()).isZero();
    assertThat(settled.settled()).isBetween(1, changing.changing());
    assertThat(settled.settlesAt()).isEmpty();
    assertThat(settled.displacedFlows()).isEqualTo(displaced);
  }

  @Test
  void status_slotsChanging_tellsHowFullTheFlowTableIs() {
    lb.put(WEB);
    assertThat(status().flowTableEntries()).isEmpty();
    lb.put(WEB.with(THREE));
    assertThat(status().flowTableEntries()).hasValue(0);
    sendOnOpenFlows();
    long entries = lb.flows().report(Duration.ZERO).entries();
    VipStatus status = status();
    assertThat(status.flowTableEntries()).hasValue(entries);
    assertThat(status.flowTableCapacity()).isEqualTo(1 << 16);
    assertThat(status).asString().contains(", %d of 65536 flow table entries".formatted(entries));
    pass(IDLE.plusSeconds(1));
    assertThat(status().flowTableEntries()).hasValue(0);
  }

  @Test
  void tick_displacedFlowsIdle_stabilisesSlots() {
    lb.put(WEB);
    sendOnOpenFlows();
    lb.put(WEB.with(THREE));
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    pass(WINDOW);
    assertThat(status().settled()).isPositive();
    // The next tick stabilises the slots without a flow.
    control.tick();
    int withFlows = status().settled();
    assertThat(withFlows).isPositive().isLessThan(FLOWS);
    assertThat(sendOnOpenFlows()).isEqualTo(before);
    // The others stay settled while their flows send packets.
    for (int i = 0; i < 20; i++) {
      pass(IDLE.dividedBy(2));
      assertThat(sendOnOpenFlows()).isEqualTo(before);
    }
    assertThat(status().settled()).isEqualTo(withFlows);
    // They become stable once those flows are idle.
    passUntilStable();
    assertThat(status().isStable()).isTrue();
    assertThat(sendOnOpenFlows()).isNotEqualTo(before);
  }

  @Test
  void put_longerIdleTime_doesNotReviveExpiredEntries() {
    lb.put(WEB);
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    lb.put(WEB.with(THREE));
    assertThat(sendOnOpenFlows()).isEqualTo(before);
    pass(WINDOW);
    pass(IDLE.plusSeconds(1));
    Map<Integer, InetAddress> after = sendOnOpenFlows();
    assertThat(after).isNotEqualTo(before).containsValue(THREE.address());
    Vip longerIdleTime = WEB.with(THREE).toBuilder().idleTime(IDLE.multipliedBy(4)).build();
    lb.put(longerIdleTime.draining(THREE.key()));
    assertThat(sendOnOpenFlows()).isEqualTo(after);
  }

  @Test
  void put_ownChangeWindow_keepsFlowsThatAreSilentForLong() {
    Duration window = Duration.ofHours(1);
    Vip silent = WEB.toBuilder().changeWindow(window).build();
    lb.put(silent);
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    lb.put(silent.with(THREE));
    List<InetAddress> begun = openFlows(9000, FLOWS);
    assertThat(status().settlesAt()).contains(clock.instant().plus(window));
    pass(window.minusSeconds(1));
    assertThat(sendOnOpenFlows()).isEqualTo(before);
    for (int i = 0; i < FLOWS; i++) {
      assertThat(backendOf(9000 + i)).isEqualTo(begun.get(i));
    }
    pass(Duration.ofSeconds(1));
    assertThat(status().changing()).isZero();
    assertThat(sendOnOpenFlows()).isEqualTo(before);
  }

  @Test
  void put_secondChangeWithinWindow_keepsSilentFlowsThatBeganInBetween() {
    Vip idleForAWindow = WEB.toBuilder().idleTime(Duration.ofSeconds(1)).build();
    lb.put(idleForAWindow);
    lb.put(idleForAWindow.with(THREE.weight(10)));
    List<InetAddress> begun = openFlows(9000, FLOWS);
    assertThat(begun).contains(THREE.address());
    pass(WINDOW.minusSeconds(1));
    // Many slots of THREE change again, and remember ONE or TWO as their previous backend.
    lb.put(idleForAWindow.with(THREE.draining(true)));
    pass(WINDOW.minusSeconds(1));
    for (int i = 0; i < FLOWS; i++) {
      assertThat(backendOf(9000 + i)).isEqualTo(begun.get(i));
    }
  }

  @Test
  void put_backendRemoved_movesOnlyItsFlows() {
    lb.put(WEB.with(THREE));
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    lb.put(WEB.with(THREE).draining(THREE.key()));
    sendOnOpenFlows();
    lb.put(WEB);
    sendOnOpenFlows()
        .forEach((port, backend) -> {
          InetAddress was = before.get(port);
          if (was.equals(THREE.address())) {
            assertThat(backend).isNotEqualTo(was);
          } else {
            assertThat(backend).isEqualTo(was);
          }
        });
  }

  @Test
  void put_drainingBackendRemovedWithinWindow_movesItsKnownFlows() {
    lb.put(WEB.with(THREE));
    lb.put(WEB.with(THREE).draining(THREE.key()));
    Map<Integer, InetAddress> draining = sendOnOpenFlows();
    assertThat(draining).containsValue(THREE.address());
    lb.put(WEB);
    assertThat(sendOnOpenFlows().values()).containsOnly(ONE.address(), TWO.address());
    for (InetAddress backend : openFlows(9000, FLOWS)) {
      assertThat(backend).isIn(ONE.address(), TWO.address());
    }
  }

  @Test
  void put_drainingBackendRemovedWithinWindow_movesItsUnknownFlows() {
    lb.put(WEB.with(THREE));
    lb.put(WEB.with(THREE).draining(THREE.key()));
    lb.put(WEB);
    assertThat(sendOnOpenFlows().values()).containsOnly(ONE.address(), TWO.address());
  }

  @Test
  void route_udpFlowOfDrainingBackend_staysAndNamesTheReason() {
    lb.put(DNS);
    Map<Integer, Backend> before = new HashMap<>();
    for (int port = FIRST_PORT; port < FIRST_PORT + 50; port++) {
      before.put(port, lb.route(dns(port)).backend().orElseThrow());
    }
    lb.put(DNS.draining(ONE.key()));
    before.forEach((port, backend) -> {
      Route route = lb.route(dns(port));
      assertThat(route.backend().map(Backend::address)).contains(backend.address());
      assertThat(route.reason())
          .isEqualTo(backend.equals(ONE) ? Route.Reason.PREVIOUS : Route.Reason.RING);
      lb.simulate(Packet.udp("198.51.100.7", port, "203.0.113.10", 53).frame());
    });
    pass(WINDOW);
    before.forEach((port, backend) ->
        assertThat(lb.route(dns(port)).reason())
            .isEqualTo(backend.equals(ONE) ? Route.Reason.FLOW_TABLE : Route.Reason.RING));
  }

  private static Flow dns(int port) {
    return Flow.udp("198.51.100.7", port, "203.0.113.10", 53);
  }

  @Test
  void put_randomChanges_neverMoveFlowsOfRemainingBackends() {
    Random random = new Random(4);
    List<Backend> all = new ArrayList<>();
    for (int i = 1; i <= 12; i++) {
      all.add(Backend.of("10.0.1." + i));
    }
    Vip vip = WEB.toBuilder().backends(all.subList(0, 6)).build();
    lb.put(vip);
    Map<Integer, InetAddress> open = sendOnOpenFlows();
    int nextPort = 20_000;
    for (int step = 0; step < 120; step++) {
      Backend backend = all.get(random.nextInt(all.size()));
      boolean isIn = vip.backends().stream().anyMatch(b -> b.address().equals(backend.address()));
      vip =
          switch (random.nextInt(4)) {
            case 0 -> vip.with(backend);
            case 1 -> vip.with(backend.weight(1 + random.nextInt(5)));
            case 2 -> isIn ? vip.draining(backend.key()) : vip;
            default -> vip.backends().size() > 4 ? vip.without(backend.key()) : vip;
          };
      lb.put(vip);
      List<InetAddress> alive = vip.backends().stream().map(Backend::address).toList();
      open.values().removeIf(each -> !alive.contains(each));
      if (vip.backends().stream().anyMatch(Backend::takesNewFlows)) {
        open.put(nextPort, backendOf(nextPort, true));
        nextPort++;
      }
      open.forEach((port, expected) -> assertThat(backendOf(port)).isEqualTo(expected));
      pass(WINDOW.dividedBy(1 + random.nextInt(4)));
    }
    assertThat(open).isNotEmpty();
  }

  @Test
  void put_afterRemoveWithoutChangeInFlight_movesNoFlow() {
    lb.put(WEB);
    lb.put(WEB.with(THREE));
    pass(WINDOW);
    passUntilStable();
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    lb.remove(WEB);
    lb.put(WEB.with(THREE));
    assertThat(sendOnOpenFlows()).isEqualTo(before);
  }

  @Test
  void put_changeReverted_keepsFlowsOfBothSides() {
    lb.put(WEB);
    Map<Integer, InetAddress> old = sendOnOpenFlows();
    lb.put(WEB.with(THREE));
    List<InetAddress> begunMeanwhile = openFlows(9000, FLOWS);
    lb.put(WEB.with(THREE.draining(true)));
    assertThat(sendOnOpenFlows()).isEqualTo(old);
    for (int i = 0; i < FLOWS; i++) {
      assertThat(backendOf(9000 + i)).isEqualTo(begunMeanwhile.get(i));
    }
  }

  @Test
  void put_trackingNone_flowsFollowTheRing() {
    Vip untracked = WEB.toBuilder().tracking(Tracking.NONE).build();
    lb.put(untracked);
    Map<Integer, InetAddress> before = sendOnOpenFlows();
    lb.put(untracked.draining(ONE.key()));
    assertThat(sendOnOpenFlows()).isNotEqualTo(before);
    assertThat(sendOnOpenFlows().values()).containsOnly(TWO.address());
    assertThat(status().isStable()).isTrue();
  }
}
