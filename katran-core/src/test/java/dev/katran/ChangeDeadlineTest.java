package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * Changes that no step settles in time, because the process is gone or was stopped: the dataplane
 * ends them by itself.
 */
class ChangeDeadlineTest {

  private static final int ENTRIES = 2048;
  private static final Limits LIMITS =
      Limits.defaults().vips(4).backends(8).ringSize(1031).flowTableSize(ENTRIES);
  private static final Duration WINDOW = FlowRules.DEFAULT.changeWindow();
  private static final Duration GRACE = Duration.ofSeconds(15);
  private static final Duration ENDED = WINDOW.plus(GRACE).plusSeconds(2);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Backend FOUR = Backend.of("10.0.0.4");
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).idleTime(Duration.ofMinutes(15)).build();
  private static final int FLOWS = 100;
  private static final int KNOWN = 2000;
  private static final int UNKNOWN = 3000;
  private static final int BEGUN = 4000;
  private static final int FLOOD = 10_000;

  private static byte[] frame(int port, boolean isSyn) {
    byte[] frame = Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame();
    if (isSyn) {
      frame[14 + 20 + 13] = 0x02;
    }
    return frame;
  }

  private static Map<Integer, InetAddress> send(
      LoadBalancer lb, int firstPort, int flows, boolean areSyns) {
    Map<Integer, InetAddress> backends = new HashMap<>();
    for (int port = firstPort; port < firstPort + flows; port++) {
      byte[] sent = lb.simulate(frame(port, areSyns)).frame();
      backends.put(port, Encapsulated.read(sent).destination());
    }
    return backends;
  }

  /** The dataplane's clock and the control plane's are under the control of the test. */
  abstract static class Contract {

    private TimedBalancer balancer;
    private LoadBalancer lb;

    abstract TimedBalancer open(Limits limits);

    @BeforeEach
    void put() {
      balancer = open(LIMITS);
      lb = balancer.lb();
      lb.put(WEB);
    }

    @AfterEach
    void close() {
      balancer.close();
    }

    private Map<Integer, InetAddress> open(int firstPort) {
      return send(lb, firstPort, FLOWS, false);
    }

    private Map<Integer, InetAddress> begin(int firstPort) {
      return send(lb, firstPort, FLOWS, true);
    }

    private Map<Integer, InetAddress> byRing(int firstPort) {
      Ring ring = lb.ring(WEB.key()).orElseThrow();
      Map<Integer, InetAddress> backends = new HashMap<>();
      for (int port = firstPort; port < firstPort + FLOWS; port++) {
        Flow flow = Flow.tcp("198.51.100.7", port, "203.0.113.10", 443);
        backends.put(port, ring.backend(flow).orElseThrow().address());
      }
      return backends;
    }

    private long entries() {
      return lb.flows().report(Duration.ZERO).entries();
    }

    private VipStatus status() {
      return lb.status(WEB.key()).orElseThrow();
    }

    @Test
    void noStep_afterTheDeadline_unknownFlowsFollowTheRingAndKnownOnesStay() {
      Map<Integer, InetAddress> known = open(KNOWN);
      Map<Integer, InetAddress> unknown = open(UNKNOWN);
      lb.put(WEB.with(THREE));
      assertThat(open(KNOWN)).isEqualTo(known);
      long entries = entries();
      assertThat(entries).isPositive();

      balancer.pass(ENDED);
      assertThat(open(KNOWN)).isEqualTo(known).isNotEqualTo(byRing(KNOWN));
      assertThat(open(UNKNOWN)).isEqualTo(byRing(UNKNOWN)).isNotEqualTo(unknown);
      assertThat(begin(BEGUN)).isEqualTo(byRing(BEGUN));
      assertThat(entries()).isEqualTo(entries);
    }

    @Test
    void noStep_beforeTheDeadline_slotsAreChanging() {
      Map<Integer, InetAddress> unknown = open(UNKNOWN);
      lb.put(WEB.with(THREE));
      balancer.pass(WINDOW.plus(GRACE).minusSeconds(2));
      assertThat(open(UNKNOWN)).isEqualTo(unknown).isNotEqualTo(byRing(UNKNOWN));
    }

    @Test
    void put_withinAWindow_movesTheDeadline() {
      Map<Integer, InetAddress> unknown = open(UNKNOWN);
      lb.put(WEB.with(THREE));
      balancer.pass(WINDOW.minusSeconds(1));
      balancer.tick();
      lb.put(WEB.with(THREE).with(FOUR));
      balancer.pass(WINDOW.plus(GRACE).minusSeconds(2));
      Map<Integer, InetAddress> after = open(UNKNOWN);
      assertThat(after).isEqualTo(unknown);
      balancer.pass(Duration.ofSeconds(4));
      assertThat(open(BEGUN)).isEqualTo(byRing(BEGUN));
    }

    @Test
    void tick_windowExtended_movesTheDeadline() {
      Map<Integer, InetAddress> unknown = open(UNKNOWN);
      lb.put(WEB.with(THREE));
      send(lb, FLOOD, 5 * ENTRIES, true);
      balancer.pass(WINDOW);
      balancer.tick();
      assertThat(status().extensions()).isEqualTo(1);
      balancer.pass(WINDOW.plus(GRACE).minusSeconds(2));
      assertThat(open(UNKNOWN)).isEqualTo(unknown);
      balancer.pass(Duration.ofSeconds(4));
      assertThat(open(BEGUN)).isEqualTo(byRing(BEGUN));
    }

    @Test
    void tick_afterTheDeadline_settlesInsteadOfExtending() {
      lb.put(WEB.with(THREE));
      send(lb, FLOOD, 5 * ENTRIES, true);
      balancer.pass(ENDED);
      Map<Integer, InetAddress> begun = begin(BEGUN);
      balancer.tick();
      assertThat(status().changing()).isZero();
      assertThat(open(BEGUN)).isEqualTo(begun);
    }

    /**
     * Flows that begin after the deadline have no entries: no change may take them for old ones.
     */
    @Test
    void put_afterTheDeadline_keepsFlowsThatHaveBegunSince() {
      lb.put(WEB.with(THREE));
      balancer.pass(ENDED);
      Map<Integer, InetAddress> begun = begin(BEGUN);
      assertThat(begun).containsValue(THREE.address());
      lb.put(WEB.with(THREE).with(FOUR));
      assertThat(open(BEGUN)).isEqualTo(begun).isNotEqualTo(byRing(BEGUN));
    }

    @Test
    void route_afterTheDeadline_followsTheRing() {
      Vip dns = Vip.udp("203.0.113.10", 53).backends(ONE).build();
      lb.put(dns);
      lb.put(dns.with(TWO.weight(100)).draining(ONE.key()));
      Flow flow = Flow.udp("198.51.100.7", 2000, "203.0.113.10", 53);
      assertThat(lb.route(flow).reason()).isEqualTo(Route.Reason.PREVIOUS);
      balancer.pass(ENDED);
      assertThat(lb.route(flow).reason()).isEqualTo(Route.Reason.RING);
      byte[] sent =
          lb.simulate(Packet.udp("198.51.100.7", 2000, "203.0.113.10", 53).frame()).frame();
      assertThat(Encapsulated.read(sent).destination())
          .isEqualTo(lb.route(flow).backend().orElseThrow().address());
    }
  }

  @Nested
  class InMemory extends Contract {

    @Override
    TimedBalancer open(Limits limits) {
      return TimedBalancer.inMemory(limits);
    }
  }

  @Nested
  @NeedsKernel
  class InTheKernel extends Contract {

    @Override
    TimedBalancer open(Limits limits) {
      return TimedBalancer.inKernel(limits);
    }
  }

  private final FakeClock clock = new FakeClock();

  /** Opens a balancer in memory that takes no steps. */
  private LoadBalancer open(UnaryOperator<Dataplane> wrapper) {
    DataplaneConfig config = DataplaneConfig.of(LIMITS);
    Dataplane dataplane = wrapper.apply(new JavaDataplane(config, clock::nanos));
    return Balancers.over(Balancers.control(dataplane, config, clock, (what, task) -> () -> {}));
  }

  @Test
  void put_killedWhileItIsInstalled_theDeadlineIsThere() {
    List<String> writes = new ArrayList<>();
    InterceptedDataplane.Interceptor recorder =
        (method, arguments, proceed) -> {
          writes.add(method);
          return proceed.call();
        };
    try (LoadBalancer lb = open(dataplane -> InterceptedDataplane.of(dataplane, recorder))) {
      lb.put(WEB);
      assertThat(writes).contains("rings.put").doesNotContain("deadlines.put");
      writes.clear();
      lb.put(WEB.with(THREE));
      assertThat(writes).containsSubsequence("deadlines.put", "rings.put", "deadlines.put");
      lb.remove(WEB);
      assertThat(writes).containsSubsequence("rings.remove", "deadlines.remove");
    }
  }

  @Test
  void put_installationTakesLong_theWindowBeginsAfterIt() {
    InterceptedDataplane.Interceptor slow =
        (method, arguments, proceed) -> {
          if (method.equals("rings.put")) {
            clock.pass(Duration.ofMinutes(4));
          }
          return proceed.call();
        };
    try (LoadBalancer lb = open(dataplane -> InterceptedDataplane.of(dataplane, slow))) {
      lb.put(WEB);
      Map<Integer, InetAddress> unknown = send(lb, UNKNOWN, FLOWS, false);
      lb.put(WEB.with(THREE));
      clock.pass(WINDOW.plus(GRACE).minusSeconds(1));
      assertThat(send(lb, UNKNOWN, FLOWS, false)).isEqualTo(unknown);
      clock.pass(Duration.ofSeconds(2));
      assertThat(send(lb, BEGUN, FLOWS, false)).containsValue(THREE.address());
    }
  }

  @Test
  void put_slotsCannotBeSettledFirst_isInstalledNevertheless() {
    FailingDataplane[] failing = {null};
    try (LoadBalancer lb =
        open(dataplane -> {
          failing[0] = new FailingDataplane(dataplane);
          return failing[0].dataplane();
        })) {
      lb.put(WEB);
      lb.put(WEB.with(THREE));
      clock.pass(ENDED);
      failing[0].failAfter(0); // to settle them
      lb.put(WEB.with(THREE).with(FOUR));
      assertThat(failing[0].hasFailed()).isTrue();
      assertThat(lb.vip(WEB.key())).contains(WEB.with(THREE).with(FOUR));
    }
  }
}
