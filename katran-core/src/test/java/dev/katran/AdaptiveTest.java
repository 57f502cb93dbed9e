package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.ffm.net.MacAddress;
import dev.katran.nexthop.NextHops;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changes of VIPs under open flows, on a clock of the test's own. */
class AdaptiveTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(1031).flows(1 << 16));
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
      new Control(
          new JavaDataplane(CONFIG, clock::nanos),
          CONFIG,
          NextHops.fixed(new Hop(MacAddress.parse("02:00:00:00:00:01"), null)),
          clock);
  private final LoadBalancer lb = new LoadBalancer(CONFIG, control);

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

  /** The backends of many open connections. */
  private Map<Integer, InetAddress> flows() {
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

  /** So much time passes that slots become stable which may. */
  private void passUntilStable() {
    for (int i = 0; i < 40 && !status().isStable(); i++) {
      pass(IDLE.dividedBy(10));
      control.tick();
    }
  }

  @Test
  void openConnectionsStayThroughEveryChangeAndNewOnesFollowTheRing() {
    lb.put(WEB);
    Map<Integer, InetAddress> before = flows();
    lb.put(WEB.with(THREE));
    assertThat(flows()).isEqualTo(before);
    long atThree =
        flowsOf(9000, FLOWS).stream().filter(backend -> backend.equals(THREE.address())).count();
    assertThat(atThree).isBetween(FLOWS / 5L, FLOWS / 2L);

    pass(WINDOW);
    assertThat(flows()).isEqualTo(before);
    lb.put(WEB.with(THREE).with(ONE.weight(5)));
    assertThat(flows()).isEqualTo(before);
    lb.put(WEB.with(THREE).draining(TWO.address()));
    assertThat(flows()).isEqualTo(before);
  }

  /** The backends of connections that begin now, from ports of their own. */
  private List<InetAddress> flowsOf(int firstPort, int number) {
    List<InetAddress> backends = new ArrayList<>();
    for (int port = firstPort; port < firstPort + number; port++) {
      backends.add(backendOf(port, true));
    }
    return backends;
  }

  @Test
  void inTheSteadyStateNothingIsRemembered() {
    lb.put(WEB);
    flows();
    flowsOf(9000, FLOWS);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isZero();
    assertThat(lb.counters().flowTable().lookups()).isZero();
    assertThat(status()).isEqualTo(new VipStatus(1031, 0, 0, Optional.empty(), 0));
  }

  @Test
  void statusTellsHowFarAChangeHasCome() {
    lb.put(WEB);
    lb.put(WEB.with(THREE));
    VipStatus changing = status();
    assertThat(changing.changing()).isBetween(1031 / 5, 1031 / 2);
    assertThat(changing.stable()).isEqualTo(1031 - changing.changing());
    assertThat(changing.until()).contains(clock.instant().plus(WINDOW));
    flows();
    long pinned = status().pinnedFlows();
    assertThat(pinned).isBetween(FLOWS / 5L, FLOWS / 2L);

    pass(WINDOW);
    VipStatus settled = status();
    assertThat(settled.changing()).isZero();
    assertThat(settled.settled()).isBetween(1, changing.changing());
    assertThat(settled.until()).isEmpty();
    assertThat(settled.pinnedFlows()).isEqualTo(pinned);
  }

  @Test
  void slotsAreStableAgainWhenNoLiveFlowIsElsewhere() {
    lb.put(WEB);
    flows();
    lb.put(WEB.with(THREE));
    Map<Integer, InetAddress> before = flows();
    pass(WINDOW);
    assertThat(status().settled()).isPositive();
    // slots without a flow are stable soon
    control.tick();
    int withFlows = status().settled();
    assertThat(withFlows).isPositive().isLessThan(FLOWS);
    // the others stay settled for as long as their flows live
    for (int i = 0; i < 20; i++) {
      pass(IDLE.dividedBy(2));
      assertThat(flows()).isEqualTo(before);
    }
    assertThat(status().settled()).isEqualTo(withFlows);
    // ... and not longer
    passUntilStable();
    assertThat(status().isStable()).isTrue();
    assertThat(flows()).isNotEqualTo(before);
  }

  @Test
  void aLongerIdleTimeDoesNotBringBackWhatWasForgotten() {
    lb.put(WEB);
    Map<Integer, InetAddress> before = flows();
    lb.put(WEB.with(THREE));
    assertThat(flows()).isEqualTo(before);
    pass(WINDOW);
    pass(IDLE.plusSeconds(1));
    Map<Integer, InetAddress> after = flows();
    assertThat(after).isNotEqualTo(before).containsValue(THREE.address());
    Vip patient = WEB.with(THREE).toBuilder().idleTime(IDLE.multipliedBy(4)).build();
    lb.put(patient.draining(THREE.address()));
    assertThat(flows()).isEqualTo(after);
  }

  @Test
  void flowsOfARemovedBackendMoveAtOnceAndOnlyThese() {
    lb.put(WEB.with(THREE));
    Map<Integer, InetAddress> before = flows();
    lb.put(WEB.with(THREE).draining(THREE.address()));
    flows();
    lb.put(WEB);
    flows()
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
  void flowsOfADrainingBackendThatIsRemovedWithinTheWindowGoElsewhereAtOnce() {
    lb.put(WEB.with(THREE));
    lb.put(WEB.with(THREE).draining(THREE.address()));
    Map<Integer, InetAddress> draining = flows();
    assertThat(draining).containsValue(THREE.address());
    lb.put(WEB);
    assertThat(flows().values()).containsOnly(ONE.address(), TWO.address());
    for (InetAddress backend : flowsOf(9000, FLOWS)) {
      assertThat(backend).isIn(ONE.address(), TWO.address());
    }
  }

  @Test
  void unknownFlowsOfADrainingBackendThatIsRemovedWithinTheWindowGoElsewhereAtOnce() {
    lb.put(WEB.with(THREE));
    lb.put(WEB.with(THREE).draining(THREE.address()));
    lb.put(WEB);
    assertThat(flows().values()).containsOnly(ONE.address(), TWO.address());
  }

  @Test
  void udpFlowsStayAndRouteSaysSo() {
    lb.put(DNS);
    Map<Integer, Backend> before = new HashMap<>();
    for (int port = FIRST_PORT; port < FIRST_PORT + 50; port++) {
      before.put(port, lb.route(dns(port)).backend().orElseThrow());
    }
    lb.put(DNS.draining(ONE.address()));
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
  void noFlowMovesThroughAnyOrderOfChangesThatLeavesItsBackendAlive() {
    Random random = new Random(4);
    List<Backend> all = new ArrayList<>();
    for (int i = 1; i <= 12; i++) {
      all.add(Backend.of("10.0.1." + i));
    }
    Vip vip = WEB.toBuilder().backends(all.subList(0, 6)).build();
    lb.put(vip);
    Map<Integer, InetAddress> open = flows();
    int nextPort = 20_000;
    for (int step = 0; step < 120; step++) {
      Backend backend = all.get(random.nextInt(all.size()));
      boolean isIn = vip.backends().stream().anyMatch(b -> b.address().equals(backend.address()));
      vip =
          switch (random.nextInt(4)) {
            case 0 -> vip.with(backend);
            case 1 -> vip.with(backend.weight(1 + random.nextInt(5)));
            case 2 -> isIn ? vip.draining(backend.address()) : vip;
            default -> vip.backends().size() > 4 ? vip.without(backend.address()) : vip;
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
  void aRestartWithoutAChangeInFlightMovesNoFlow() {
    lb.put(WEB);
    lb.put(WEB.with(THREE));
    pass(WINDOW);
    passUntilStable();
    Map<Integer, InetAddress> before = flows();
    lb.remove(WEB);
    lb.put(WEB.with(THREE));
    assertThat(flows()).isEqualTo(before);
  }

  @Test
  void aChangeThatIsTakenBackPutsFlowsOfBothSidesWhereTheyWere() {
    lb.put(WEB);
    Map<Integer, InetAddress> old = flows();
    lb.put(WEB.with(THREE));
    List<InetAddress> young = flowsOf(9000, FLOWS);
    lb.put(WEB.with(THREE.draining(true)));
    assertThat(flows()).isEqualTo(old);
    for (int i = 0; i < FLOWS; i++) {
      assertThat(backendOf(9000 + i)).isEqualTo(young.get(i));
    }
  }

  @Test
  void aBackendIsDrainedWhenNothingHasArrivedForAWhile() {
    lb.put(WEB);
    flows();
    lb.put(WEB.draining(ONE.address()));
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> drained =
        lb.drained(WEB.key(), ONE.address(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 5; i++) {
      flows();
      pass(quiet.dividedBy(2));
      assertThat(drained).isNotDone();
    }
    pass(quiet);
    assertThat(drained).isCompletedWithValue(DrainResult.QUIET);
  }

  @Test
  void packetsOfAnotherVipDoNotKeepABackendFromBeingDrained() {
    Vip other = Vip.tcp("203.0.113.11", 443).backends(ONE).build();
    lb.put(WEB);
    lb.put(other);
    flows();
    lb.put(WEB.draining(ONE.address()));
    flows();
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> drained =
        lb.drained(WEB.key(), ONE.address(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 3; i++) {
      lb.simulate(Packet.tcp("198.51.100.7", 1000, "203.0.113.11", 443).frame());
      flows();
      pass(quiet.dividedBy(2));
      assertThat(drained).isNotDone();
    }
    lb.simulate(Packet.tcp("198.51.100.7", 1000, "203.0.113.11", 443).frame());
    pass(quiet);
    assertThat(drained).isCompletedWithValue(DrainResult.QUIET);
  }

  @Test
  void aDrainEndsAtItsDeadlineOrWhenThereIsNothingToDrain() {
    lb.put(WEB);
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> late =
        lb.drained(WEB.key(), ONE.address(), quiet, Duration.ofSeconds(15));
    CompletableFuture<DrainResult> removed =
        lb.drained(WEB.key(), TWO.address(), quiet, Duration.ofHours(1));
    CompletableFuture<DrainResult> cut =
        lb.drained(WEB.key(), ONE.address(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 3; i++) {
      flows();
      pass(Duration.ofSeconds(5));
    }
    assertThat(late).isCompletedWithValue(DrainResult.DEADLINE);
    lb.put(WEB.without(TWO.address()));
    control.tick();
    assertThat(removed).isCompletedWithValue(DrainResult.REMOVED);
    lb.close();
    assertThatThrownBy(cut::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatCannotBeDrainedIsRefused() {
    lb.put(WEB);
    Duration quiet = Duration.ofSeconds(10);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.drained(DNS.key(), ONE.address(), quiet, quiet))
        .withMessage("udp 203.0.113.10:53 is not installed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.drained(WEB.key(), THREE.address(), quiet, quiet))
        .withMessage("10.0.0.3 is not a backend of tcp 203.0.113.10:443");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.drained(WEB.key(), ONE.address(), Duration.ZERO, quiet))
        .withMessage("quiet time PT0S is not in PT1S..PT24H");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.drained(WEB.key(), ONE.address(), quiet, quiet.negated()))
        .withMessage("patience PT-10S is negative");
  }

  @Test
  void withoutTrackingFlowsFollowTheRing() {
    Vip plain = WEB.toBuilder().tracking(Tracking.NONE).build();
    lb.put(plain);
    Map<Integer, InetAddress> before = flows();
    lb.put(plain.draining(ONE.address()));
    assertThat(flows()).isNotEqualTo(before);
    assertThat(flows().values()).containsOnly(TWO.address());
    assertThat(status().isStable()).isTrue();
  }
}
