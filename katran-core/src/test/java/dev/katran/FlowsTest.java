package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Packet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FlowsTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(251).flowTableSize(2048));
  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).tracking(Tracking.ALWAYS).build();
  private static final Vip DNS =
      Vip.udp("203.0.113.10", 53).backends(ONE, TWO).tracking(Tracking.ALWAYS).build();
  private static final int EACH = 20;

  private final AtomicLong nanos = new AtomicLong(Duration.ofDays(1).toNanos());
  private final LoadBalancer lb = Balancers.over(new JavaDataplane(CONFIG, nanos::get), CONFIG);

  @BeforeEach
  void openFlows() {
    lb.put(WEB);
    lb.put(DNS);
    for (int port = 4000; port < 4000 + EACH; port++) {
      lb.simulate(Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame());
      lb.simulate(Packet.udp("198.51.100.7", port, "203.0.113.10", 53).frame());
    }
  }

  @AfterEach
  void close() {
    lb.close();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static Flow web(int port) {
    return Flow.tcp("198.51.100.7", port, "203.0.113.10", 443);
  }

  @Test
  void find_trackedFlow_returnsVipBackendAndIdleTime() {
    pass(Duration.ofSeconds(3));
    Backend backend = lb.route(web(4000)).backend().orElseThrow();
    assertThat(lb.flows().find(web(4000)))
        .hasValueSatisfying(found -> {
          assertThat(found.flow()).isEqualTo(web(4000));
          assertThat(found.vip()).isEqualTo(WEB.key());
          assertThat(found.backend()).isEqualTo(backend.key());
          assertThat(found.idle()).isBetween(Duration.ofMillis(800), Duration.ofSeconds(3));
        });
    assertThat(lb.flows().find(web(9999))).isEmpty();
    assertThat(lb.flows().find(Flow.tcp("198.51.100.7", 4000, "203.0.113.99", 443))).isEmpty();
  }

  @Test
  void forEach_visitsEveryEntry() {
    List<TrackedFlow> flows = new ArrayList<>();
    lb.flows().forEach(flows::add);
    assertThat(flows).hasSize(2 * EACH);
    assertThat(flows).filteredOn(flow -> flow.vip().equals(DNS.key())).hasSize(EACH);
    assertThat(flows).extracting(TrackedFlow::flow).contains(web(4000), web(4019));
  }

  @Test
  void remove_trackedFlow_followsTheRing() {
    lb.put(WEB.draining(lb.route(web(4000)).backend().orElseThrow().key()));
    assertThat(lb.route(web(4000)).reason()).isEqualTo(Route.Reason.FLOW_TABLE);
    assertThat(lb.flows().remove(web(4000))).isTrue();
    assertThat(lb.flows().remove(web(4000))).isFalse();
    assertThat(lb.route(web(4000)).reason()).isEqualTo(Route.Reason.RING);
  }

  @Test
  void purge_vip_removesItsEntries() {
    assertThat(lb.flows().purge(DNS.key())).isEqualTo(EACH);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isEqualTo(EACH);
    assertThat(lb.flows().find(web(4000))).isPresent();
    lb.remove(DNS);
    assertThat(lb.flows().purge(DNS.key())).isZero();
  }

  @Test
  void purge_backend_removesItsEntries() {
    long one = lb.flows().purge(ONE.key());
    assertThat(one).isBetween(1L, 2L * EACH - 1);
    List<TrackedFlow> left = new ArrayList<>();
    lb.flows().forEach(left::add);
    assertThat(left).hasSize((int) (2 * EACH - one));
    assertThat(left).extracting(TrackedFlow::backend).containsOnly(TWO.key());
    assertThat(lb.flows().purge(BackendKey.of("10.0.0.9"))).isZero();
  }

  @Test
  void report_countsStaleAndIdleEntries() {
    FlowTableReport fresh = lb.flows().report(Duration.ofSeconds(10));
    assertThat(fresh).isEqualTo(new FlowTableReport(2048, 2 * EACH, 0, 0));

    pass(Duration.ofSeconds(20));
    lb.simulate(Packet.udp("198.51.100.7", 4000, "203.0.113.10", 53).frame());
    pass(Duration.ofSeconds(20));

    assertThat(lb.flows().report(Duration.ofSeconds(17)))
        .isEqualTo(new FlowTableReport(2048, 2 * EACH, EACH - 1, EACH + 1));
    assertThat(lb.flows().report(Duration.ofSeconds(30)).idle()).isEqualTo(EACH);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.flows().report(Duration.ofSeconds(-1)))
        .withMessageContaining("PT-1S");
  }

  @Test
  void put_backendDrainedThenRemoved_movesFlowsOnlyOnRemoval() {
    Backend backend = lb.route(web(4000)).backend().orElseThrow();
    lb.put(WEB.draining(backend.key()));
    assertThat(lb.route(web(4000)).backend().map(Backend::address)).contains(backend.address());
    lb.put(WEB.without(backend.key()));
    assertThat(lb.flows().find(web(4000))).isEmpty();
    assertThat(lb.route(web(4000)).backend().map(Backend::address))
        .isPresent()
        .get()
        .isNotEqualTo(backend.address());
  }

  @Test
  void put_hashingChanged_keepsFlowsUnlessTheirKeysChange() {
    Vip web = WEB.toBuilder().hashing(Hashing.DESTINATION_PORT).build();
    lb.put(web);
    assertThat(lb.flows().find(web(4000))).isPresent();
    assertThat(lb.route(web(4000)).reason()).isEqualTo(Route.Reason.FLOW_TABLE);
    lb.put(web.toBuilder().hashing(Hashing.DESTINATION_PORT_UNIFORM).build());
    assertThat(lb.flows().report(Duration.ZERO).entries()).as("those of DNS").isEqualTo(EACH);
  }

  @Test
  void put_everyPortVipHashingChanged_keepsFlowsWithSameKeys() {
    Vip everyPort = Vip.tcp("203.0.113.20").backends(ONE, TWO).tracking(Tracking.ALWAYS).build();
    Vip byBothPorts = everyPort.toBuilder().hashing(Hashing.BOTH_PORTS).build();
    lb.put(everyPort);
    lb.simulate(Packet.tcp("198.51.100.7", 4000, "203.0.113.20", 443).frame());
    lb.put(byBothPorts);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isEqualTo(2 * EACH);
    lb.simulate(Packet.tcp("198.51.100.7", 4000, "203.0.113.20", 443).frame());
    lb.put(byBothPorts.toBuilder().hashing(Hashing.DESTINATION_PORT).build());
    assertThat(lb.flows().report(Duration.ZERO).entries()).isEqualTo(2 * EACH + 1);
  }
}
