package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoadBalancerTest {

  private static final Limits LIMITS = Limits.defaults().vips(4).backends(6).ringSize(251);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("fc00::3");

  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(TWO, THREE).build();
  private static final Vip V6 = Vip.tcp("2001:db8::10", 443).backends(ONE, THREE).build();

  private static final DataplaneConfig CONFIG = DataplaneConfig.of(LIMITS);

  private final FailingDataplane dataplane = new FailingDataplane(new JavaDataplane(CONFIG));
  private final LoadBalancer lb = Balancers.over(dataplane.dataplane(), CONFIG);

  @AfterEach
  void close() {
    lb.close();
  }

  private static Packet packetTo(Vip vip, int sourcePort) {
    InetAddress client = vip.equals(V6) ? THREE.address() : ONE.address();
    return vip.protocol() == Protocol.TCP
        ? Packet.tcp(client, sourcePort, vip.address(), vip.port())
        : Packet.udp(client, sourcePort, vip.address(), vip.port());
  }

  private Verdict verdict(Vip vip) {
    return lb.simulate(packetTo(vip, 4000).frame()).verdict();
  }

  /** Sends packets of 50 flows to a VIP and returns the backends that they go to. */
  private List<InetAddress> backendsOf(Vip vip) {
    return IntStream.range(0, 50)
        .mapToObj(i -> lb.simulate(packetTo(vip, 1000 + i).frame()))
        .filter(simulation -> simulation.verdict() == Verdict.TX)
        .map(simulation -> Encapsulated.read(simulation.frame()).destination())
        .toList();
  }

  @Test
  void simulate_vipNotInstalled_passes() {
    assertThat(verdict(WEB)).isEqualTo(Verdict.PASS);

    lb.put(WEB);

    assertThat(verdict(WEB)).isEqualTo(Verdict.TX);
    assertThat(verdict(DNS)).isEqualTo(Verdict.PASS);
    assertThat(backendsOf(WEB)).containsOnly(ONE.address(), TWO.address());

    assertThat(lb.remove(WEB)).isTrue();
    assertThat(lb.remove(WEB)).isFalse();
    assertThat(verdict(WEB)).isEqualTo(Verdict.PASS);
    assertThat(lb.vips()).isEmpty();
  }

  @Test
  void put_sameKey_replacesTheVip() {
    Vip web = WEB.toBuilder().tracking(Tracking.NONE).build();
    lb.put(web);
    lb.put(web.with(THREE));

    assertThat(lb.vips()).containsExactly(web.with(THREE));
    assertThat(backendsOf(web)).containsOnly(ONE.address(), TWO.address(), THREE.address());

    lb.put(web.draining("10.0.0.1"));

    assertThat(backendsOf(web)).containsOnly(TWO.address());
  }

  @Test
  void simulate_vipWithoutBackends_drops() {
    lb.put(WEB);
    lb.put(Vip.tcp("203.0.113.10", 443).build());

    assertThat(verdict(WEB)).isEqualTo(Verdict.DROP);
    assertThat(lb.route(Flow.tcp("10.0.0.1", 4000, "203.0.113.10", 443)).reason())
        .isEqualTo(Route.Reason.EMPTY_RING);
  }

  @Test
  void put_hashingChanged_applies() {
    lb.put(WEB);
    lb.put(Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).hashing(Hashing.SOURCE_ADDRESS).build());

    assertThat(backendsOf(WEB).stream().distinct()).hasSize(1);
  }

  @Test
  void apply_list_touchesOnlyWhatDiffers() {
    lb.apply(List.of(WEB, DNS));
    backendsOf(WEB);
    long before = lb.counters().vip(WEB).orElseThrow().packets();

    lb.apply(List.of(WEB, V6));

    assertThat(lb.vips()).containsExactly(WEB, V6);
    assertThat(verdict(DNS)).isEqualTo(Verdict.PASS);
    assertThat(lb.counters().vip(WEB).orElseThrow().packets()).isEqualTo(before).isPositive();
  }

  @Test
  void apply_duplicateVip_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.apply(List.of(WEB, DNS, WEB.without("10.0.0.1"))))
        .withMessageContaining("tcp 203.0.113.10:443");
    assertThat(lb.vips()).isEmpty();
  }

  @Test
  void put_tooManyVips_throws() {
    List<Vip> five =
        IntStream.rangeClosed(1, 5)
            .mapToObj(port -> Vip.tcp("203.0.113.10", port).backends(ONE).build())
            .toList();
    lb.apply(five.subList(0, 4));

    assertThatThrownBy(() -> lb.put(five.get(4)))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("5 VIPs")
        .hasMessageContaining("4");
    assertThat(lb.vips()).containsExactlyElementsOf(five.subList(0, 4));
  }

  @Test
  void put_tooManyBackends_throws() {
    lb.put(WEB);
    Vip crowded = Vip.udp("203.0.113.10", 53).backends(backends("10.1.0.", 5)).build();

    assertThatThrownBy(() -> lb.put(crowded))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("7 backends")
        .hasMessageContaining("6");
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void apply_allVipsAndBackendsReplacedAtLimit_succeeds() {
    lb.apply(fullHouse("10.1.0.", 1));
    lb.apply(fullHouse("10.2.0.", 11));
    lb.apply(fullHouse("10.1.0.", 1));

    assertThat(lb.vips()).isEqualTo(fullHouse("10.1.0.", 1));
    assertThat(backendsOf(lb.vips().getFirst())).hasSize(50);
  }

  private static List<Vip> fullHouse(String prefix, int firstPort) {
    return IntStream.range(0, LIMITS.vips())
        .mapToObj(i ->
            Vip.tcp("203.0.113.10", firstPort + i)
                .backends(backends(prefix, LIMITS.backends()))
                .build())
        .toList();
  }

  private static List<Backend> backends(String prefix, int count) {
    return IntStream.rangeClosed(1, count).mapToObj(i -> Backend.of(prefix + i)).toList();
  }

  /** Fails each write in turn. Each failure is rolled back, and the same change succeeds later. */
  @Test
  void apply_anyWriteFails_isRolledBack() {
    List<Vip> before = List.of(WEB, DNS);
    List<Vip> after = List.of(WEB.with(THREE).without("10.0.0.1"), V6);
    int failures = 0;
    for (boolean failed = true; failed; ) {
      lb.apply(before);
      List<Verdict> verdicts = List.of(verdict(WEB), verdict(DNS), verdict(V6));
      List<InetAddress> flows = new ArrayList<>(backendsOf(WEB));
      flows.addAll(backendsOf(DNS));

      dataplane.failAfter(failures);
      try {
        lb.apply(after);
      } catch (FailingDataplane.WriteFailure e) {
        assertThat(e.getSuppressed()).isEmpty();
      }
      failed = dataplane.hasFailed() && lb.vips().equals(before);
      if (failed) {
        assertThat(List.of(verdict(WEB), verdict(DNS), verdict(V6))).isEqualTo(verdicts);
        List<InetAddress> flowsAfterwards = new ArrayList<>(backendsOf(WEB));
        flowsAfterwards.addAll(backendsOf(DNS));
        assertThat(flowsAfterwards).isEqualTo(flows);
        failures++;
      }
    }
    assertThat(failures).isGreaterThanOrEqualTo(5);
    assertThat(lb.vips()).isEqualTo(after);
    assertThat(backendsOf(WEB)).containsOnly(TWO.address(), THREE.address());
    assertThat(verdict(DNS)).isEqualTo(Verdict.PASS);
    assertThat(verdict(V6)).isEqualTo(Verdict.TX);
  }

  @Test
  void simulate_pingOfVipAddress_isAnswered() {
    byte[] ping = Packet.echoRequest("198.51.100.7", "203.0.113.10").frame();
    byte[] elsewhere = Packet.echoRequest("198.51.100.7", "203.0.113.11").frame();
    lb.apply(List.of(WEB, DNS));

    assertThat(lb.simulate(ping).verdict()).isEqualTo(Verdict.TX);
    assertThat(lb.simulate(elsewhere).verdict()).isEqualTo(Verdict.PASS);

    lb.remove(WEB);
    assertThat(lb.simulate(ping).verdict()).isEqualTo(Verdict.TX);
    lb.remove(DNS);
    assertThat(lb.simulate(ping).verdict()).isEqualTo(Verdict.PASS);
  }

  @Test
  void counters_countPerVipAndPerBackend() {
    lb.apply(List.of(WEB, DNS));
    int length = packetTo(WEB, 1).ip().length;
    backendsOf(WEB);
    backendsOf(DNS);
    lb.simulate(Packet.frame(0x0806, new byte[28]));
    Counters counters = lb.counters();

    assertThat(counters.vip(WEB)).contains(new Count(50, 50L * length));
    assertThat(counters.vip(DNS).orElseThrow().packets()).isEqualTo(50);
    assertThat(
            counters
                .backend(ONE)
                .orElseThrow()
                .plus(counters.backend(TWO).orElseThrow())
                .plus(counters.backend(THREE).orElseThrow()))
        .isEqualTo(counters.vip(WEB).orElseThrow().plus(counters.vip(DNS).orElseThrow()));
    assertThat(counters.sent().packets()).isEqualTo(100);
    assertThat(counters.passed()).isEqualTo(new Count(1, 42));
    assertThat(counters.total().packets()).isEqualTo(101);
  }

  @Test
  void counters_vipReinstalled_startAtZero() {
    lb.put(WEB);
    backendsOf(WEB);
    lb.remove(WEB);
    assertThat(lb.counters().vip(WEB)).isEmpty();

    lb.put(DNS);

    assertThat(lb.counters().vip(DNS)).contains(Count.ZERO);
    assertThat(lb.counters().backend(TWO)).contains(Count.ZERO);
  }

  @Test
  void route_matchesSimulate() {
    lb.apply(List.of(WEB, DNS, Vip.tcp("203.0.113.11").backends(ONE, TWO, THREE).build()));
    for (int port = 1; port < 500; port++) {
      Flow flow = Flow.tcp("198.51.100.7", port, "203.0.113.11", 80);
      byte[] frame = Packet.tcp("198.51.100.7", port, "203.0.113.11", 80).frame();
      InetAddress destination = Encapsulated.read(lb.simulate(frame).frame()).destination();
      assertThat(lb.route(flow).backend().orElseThrow().address()).isEqualTo(destination);
    }
  }

  @Test
  void route_noVipMatches_returnsNoVip() {
    lb.put(WEB);

    assertThat(lb.route(Flow.tcp("198.51.100.7", 1, "203.0.113.10", 80)).reason())
        .isEqualTo(Route.Reason.NO_VIP);
    assertThat(lb.route(Flow.udp("198.51.100.7", 1, "203.0.113.10", 443)).reason())
        .isEqualTo(Route.Reason.NO_VIP);
    assertThat(lb.route(Flow.udp("198.51.100.7", 1, "224.0.0.1", 443)).reason())
        .isEqualTo(Route.Reason.NO_VIP);
  }

  @Test
  void route_everyPortVip_yieldsToExactPort() {
    lb.apply(
        List.of(
            Vip.tcp("203.0.113.10").backends(ONE).build(),
            Vip.tcp("203.0.113.10", 443).backends(TWO).build()));

    assertThat(lb.route(Flow.tcp("198.51.100.7", 1, "203.0.113.10", 443)).backend()).contains(TWO);
    assertThat(lb.route(Flow.tcp("198.51.100.7", 1, "203.0.113.10", 80)).backend()).contains(ONE);
  }

  @Test
  void close_laterCalls_throw() {
    lb.put(WEB);
    lb.close();
    lb.close();

    assertThatIllegalStateException().isThrownBy(() -> lb.put(DNS));
    assertThatIllegalStateException().isThrownBy(() -> lb.remove(WEB));
    assertThatIllegalStateException().isThrownBy(() -> lb.apply(List.of()));
    assertThatIllegalStateException().isThrownBy(() -> lb.update(WEB.key(), vip -> vip));
    assertThatIllegalStateException().isThrownBy(() -> lb.simulate(new byte[60]));
    assertThatIllegalStateException().isThrownBy(lb::counters);
    assertThatIllegalStateException().isThrownBy(lb::kernelResources);
  }

  @Test
  void simulate_frameTooShort_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.simulate(new byte[13]))
        .withMessageContaining("13");
  }
}
