package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Change windows in which more flows arrive than may be inserted into the flow table. */
class ExtendedWindowTest {

  private static final int ENTRIES = 1024;
  private static final int TCP_FLAGS = 14 + 20 + 13;
  private static final byte SYN = 0x02;
  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(1031).flowTableSize(ENTRIES))
          .with(c -> c.flowSecret = FlowSecret.of(new Random(1)));
  private static final Duration WINDOW = CONFIG.flowRules().changeWindow();

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).idleTime(Duration.ofSeconds(1)).build();

  /** About a third of these is in slots that move to {@link #THREE}. */
  private static final int OPEN_FLOWS = ENTRIES / 2;

  private final FakeClock clock = new FakeClock();
  private final Control control =
      Balancers.control(
          new JavaDataplane(CONFIG, clock::nanos), CONFIG, clock, (what, task) -> () -> {});
  private final LoadBalancer lb = Balancers.over(control);

  @BeforeEach
  void put() {
    lb.put(WEB);
  }

  @AfterEach
  void close() {
    lb.close();
  }

  private InetAddress send(int port, boolean isSyn) {
    byte[] frame = Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame();
    if (isSyn) {
      frame[TCP_FLAGS] = SYN;
    }
    return Encapsulated.read(lb.simulate(frame).frame()).destination();
  }

  private Map<Integer, InetAddress> send(int firstPort, int flows, boolean areSyns) {
    Map<Integer, InetAddress> backends = new HashMap<>();
    for (int port = firstPort; port < firstPort + flows; port++) {
      backends.put(port, send(port, areSyns));
    }
    return backends;
  }

  private Map<Integer, InetAddress> sendOnOpenFlows() {
    return send(2000, OPEN_FLOWS, false);
  }

  private VipStatus status() {
    return lb.status(WEB.key()).orElseThrow();
  }

  private void pass(Duration time) {
    clock.pass(time);
    control.tick();
  }

  @Test
  void tick_floodHadFilledTheTable_extendsTheWindowUntilAllFlowsAreInserted() {
    Map<Integer, InetAddress> open = sendOnOpenFlows();
    lb.put(WEB.with(THREE));
    send(10_000, 10 * ENTRIES, true);
    assertThat(sendOnOpenFlows()).isEqualTo(open);
    assertThat(lb.counters().flowTable().limited()).isPositive();
    pass(WINDOW);
    assertThat(status().changing()).isPositive();
    assertThat(status().extensions()).isEqualTo(1);
    assertThat(status().settlesAt()).contains(clock.instant().plus(WINDOW));
    assertThat(status()).asString().endsWith(", extended 1x");
    assertThat(sendOnOpenFlows()).isEqualTo(open);
    pass(WINDOW);
    assertThat(status().changing()).isZero();
    assertThat(sendOnOpenFlows()).isEqualTo(open);
  }

  @Test
  void tick_allFlowsInserted_endsTheWindow() {
    lb.put(WEB.with(THREE));
    pass(WINDOW);
    assertThat(status().changing()).isZero();
    assertThat(status().extensions()).isZero();
  }

  @Test
  void tick_tableFullInEveryWindow_settlesAfterFourWindows() {
    lb.put(WEB.with(THREE));
    for (int window = 0; window < 4; window++) {
      assertThat(status().extensions()).isEqualTo(window);
      assertThat(status().changing()).isPositive();
      send(10_000, 10 * ENTRIES, true);
      pass(WINDOW);
    }
    assertThat(status().changing()).isZero();
  }

  @Test
  void tick_windowExtended_keepsSilentFlowsThatBeganInIt() {
    lb.put(WEB.with(THREE));
    Map<Integer, InetAddress> begun = send(10_000, 100, true);
    assertThat(begun).containsValue(THREE.address());
    send(20_000, 12 * ENTRIES, true);
    pass(WINDOW);
    assertThat(status().extensions()).isEqualTo(1);
    pass(WINDOW.minusSeconds(1));
    assertThat(send(10_000, 100, false)).isEqualTo(begun);
  }
}
