package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Scans of the flow table that take several ticks, while rings change. */
class ScanInStepsTest {

  private static final int ENTRIES_PER_STEP = 10;
  private static final int FLOWS = 300;
  private static final int FIRST_PORT = 2000;
  private static final int TCP_FLAGS = 14 + 20 + 13;
  private static final byte SYN = 0x02;
  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(1031).flowTableSize(1 << 16));
  private static final Duration WINDOW = CONFIG.flowRules().changeWindow();

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).idleTime(WINDOW.multipliedBy(10)).build();
  private static final Vip TRACKED =
      Vip.tcp("203.0.113.11", 443).backends(ONE).tracking(Tracking.ALWAYS).build();

  private final FakeClock clock = new FakeClock();
  private final Control control =
      Balancers.control(
          new JavaDataplane(CONFIG, clock::nanos),
          CONFIG,
          clock,
          (what, task) -> () -> {},
          ENTRIES_PER_STEP);
  private final LoadBalancer lb = Balancers.over(control);

  @AfterEach
  void close() {
    lb.close();
  }

  /** Sends a packet from each client port and returns its backend by port. */
  private Map<Integer, InetAddress> send(Vip vip, boolean areSyns) {
    Map<Integer, InetAddress> backends = new HashMap<>();
    for (int port = FIRST_PORT; port < FIRST_PORT + FLOWS; port++) {
      byte[] frame =
          Packet.tcp("198.51.100.7", port, vip.address().getHostAddress(), vip.port()).frame();
      if (areSyns) {
        frame[TCP_FLAGS] = SYN;
      }
      backends.put(port, Encapsulated.read(lb.simulate(frame).frame()).destination());
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

  @Test
  void tick_windowEnds_scanStartsOneTickLater() {
    lb.put(WEB);
    lb.put(WEB.with(THREE));
    int moved = status().changing();
    pass(WINDOW);
    // A packet that found a slot changing may still insert its flow.
    assertThat(status().settled()).isEqualTo(moved);
    control.tick();
    assertThat(status().isStable()).isTrue();
  }

  @Test
  void tick_slotsChangeAndSettleAgainDuringScan_moveNoOpenFlow() {
    lb.put(TRACKED);
    send(TRACKED, true); // a scan takes FLOWS / ENTRIES_PER_STEP ticks
    lb.put(WEB);
    lb.put(WEB.with(THREE));
    pass(WINDOW);
    control.tick();
    assertThat(status().settled()).as("slots at THREE, whose scan has begun").isPositive();

    lb.put(WEB.with(THREE.draining(true)));
    Map<Integer, InetAddress> open = send(WEB, true);
    assertThat(open.values()).containsOnly(ONE.address(), TWO.address());
    lb.put(WEB.with(THREE));
    pass(WINDOW);
    assertThat(status().changing()).isZero();
    for (int i = 0; i < 2 * FLOWS; i++) {
      control.tick();
    }
    assertThat(send(WEB, false)).isEqualTo(open);
  }

  @Test
  void tick_idleTimeRisesBeforeScan_movesNoOpenFlow() {
    Vip before = WEB.toBuilder().idleTime(WINDOW.multipliedBy(2)).build();
    lb.put(before);
    lb.put(before.with(THREE));
    Map<Integer, InetAddress> open = send(WEB, false);
    pass(WINDOW);
    clock.pass(WINDOW.dividedBy(2));
    lb.put(before.with(THREE).toBuilder().idleTime(WINDOW.multipliedBy(10)).build());
    clock.pass(WINDOW);
    for (int i = 0; i < 2 * FLOWS; i++) {
      control.tick();
    }
    assertThat(send(WEB, false)).isEqualTo(open);
  }
}
