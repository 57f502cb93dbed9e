package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.net.Addresses;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Gue;
import dev.katran.packets.Packet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Forwarding} through the public API: choosing it, its limits and its messages. */
class ForwardingTest {

  private static final int IPIP = 4;
  private static final int UDP = 17;
  private static final Limits LIMITS = Limits.defaults().ringSize(251);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(ONE).build();

  private static LoadBalancer withSourceV4() {
    return LoadBalancer.inMemory().limits(LIMITS).sourceAddress("10.0.13.37").open();
  }

  /** Sends packets of some flows to port 443 and returns the outer protocol by backend. */
  private static Map<String, Integer> protocols(LoadBalancer lb) {
    Map<String, Integer> protocols = new TreeMap<>();
    for (int port = 1000; port < 1050; port++) {
      byte[] frame = Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame();
      Encapsulated sent = Encapsulated.read(lb.simulate(frame).frame());
      protocols.put(sent.destination().getHostAddress(), sent.protocol());
    }
    return protocols;
  }

  @Test
  void put_encapsulationChanged_appliesPerBackendAndKeepsTheRing() {
    try (LoadBalancer lb = withSourceV4()) {
      lb.put(WEB);
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", IPIP, "10.0.0.2", IPIP));
      Ring before = lb.ring(WEB.key()).orElseThrow();

      lb.put(WEB.with(ONE.via(Forwarding.gue())));
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", UDP, "10.0.0.2", IPIP));
      assertThat(lb.ring(WEB.key()).orElseThrow().difference(before)).isZero();
      assertThat(
              lb.counters()
                  .backend(ONE)
                  .orElseThrow()
                  .plus(lb.counters().backend(TWO).orElseThrow())
                  .packets())
          .as("counters are kept")
          .isEqualTo(100);

      lb.put(WEB.with(ONE).with(TWO.via(Forwarding.gue())));
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", IPIP, "10.0.0.2", UDP));
    }
  }

  @Test
  void sourceAddressAndGuePort_areUsedInOuterHeaders() {
    Backend six = Backend.of("fd00::1").via(Forwarding.gue());
    try (LoadBalancer lb =
        LoadBalancer.inMemory()
            .limits(LIMITS)
            .sourceAddress("10.0.13.37")
            .sourceAddress("fd00::37")
            .guePort(9886)
            .open()) {
      lb.put(Vip.tcp("203.0.113.10", 443).backends(six).build());
      byte[] frame = Packet.tcp("198.51.100.7", 1, "203.0.113.10", 443).frame();
      Encapsulated sent = Encapsulated.read(lb.simulate(frame).frame());

      assertThat(Addresses.text(sent.source())).isEqualTo("fd00::37");
      assertThat(Gue.read(sent).destinationPort()).isEqualTo(9886);
    }
  }

  @Test
  void put_gueWithoutSourceOfItsFamily_throws() {
    Backend six = Backend.of("fd00::1").via(Forwarding.gue());
    try (LoadBalancer lb = withSourceV4()) {
      lb.put(WEB);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(WEB.with(six)))
          .withMessage(
              "backend fd00::1 via GUE needs an outer source address of its family; "
                  + "set sourceAddress on the builder");
      assertThat(lb.vips()).containsExactly(WEB);
    }
    try (LoadBalancer lb = LoadBalancer.inMemory().limits(LIMITS).open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(WEB.with(ONE.via(Forwarding.gue()))))
          .withMessageStartingWith("backend 10.0.0.1 via GUE");
    }
  }

  @Test
  void put_vipsDisagreeOnEncapsulation_throws() {
    Backend over = ONE.via(Forwarding.gue());
    try (LoadBalancer lb = withSourceV4()) {
      lb.put(DNS);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(WEB.with(over)))
          .withMessage(
              "backend 10.0.0.1 is via GUE for tcp 203.0.113.10:443, but via IPIP for another VIP or "
                  + "table; change all of them in one apply()");

      lb.apply(List.of(DNS.with(over), WEB.with(over)));
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", UDP, "10.0.0.2", IPIP));
    }
  }

  @Test
  void put_writeFails_keepsEncapsulation() {
    GueConfig gue = GueConfig.NONE.withSource(Addresses.parse("source", "10.0.13.37"));
    DataplaneConfig config = DataplaneConfig.of(LIMITS).with(c -> c.gue = gue);
    FailingDataplane dataplane = new FailingDataplane(new JavaDataplane(config));
    try (LoadBalancer lb = Balancers.over(dataplane.dataplane(), config)) {
      lb.put(WEB);
      dataplane.failAfter(1);
      assertThatThrownBy(() -> lb.put(WEB.with(ONE.via(Forwarding.gue()).weight(3))))
          .isInstanceOf(FailingDataplane.WriteFailure.class);
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", IPIP, "10.0.0.2", IPIP));
    }
  }

  @Test
  void via_isPartOfEqualsAndToString() {
    assertThat(ONE.forwarding()).isEqualTo(Forwarding.ipip());
    Backend over = ONE.via(Forwarding.gue());
    assertThat(over.forwarding()).isEqualTo(Forwarding.gue());
    assertThat(over).isNotEqualTo(ONE).hasToString("10.0.0.1 via GUE");
    assertThat(over.weight(2).draining(true).forwarding()).isEqualTo(Forwarding.gue());
    assertThat(over.via(Forwarding.ipip())).isEqualTo(ONE.via(Forwarding.ipip()));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void guePort_outOfRange_throws(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadBalancer.inMemory().guePort(port))
        .withMessage("GUE port %d is not in 1..65535", port);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"balancer.example", "0.0.0.0", "ff02::1", "fe80::1%eth0", "::ffff:1.2.3.4"})
  void sourceAddress_notUnicastLiteral_throws(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadBalancer.inMemory().sourceAddress(literal))
        .withMessageStartingWith("source ");
  }

  @Test
  void sendPacketTooBig_oversizedFrame_isAnswered() {
    byte[] frame = Packet.tcp("198.51.100.7", 1, "203.0.113.10", 443).payload(1500).frame();
    try (LoadBalancer dropping =
            LoadBalancer.inMemory().limits(LIMITS).sendPacketTooBig(false).open();
        LoadBalancer answering = LoadBalancer.inMemory().limits(LIMITS).open()) {
      dropping.put(WEB);
      answering.put(WEB);
      assertThat(dropping.simulate(frame).verdict()).isEqualTo(Verdict.DROP);
      assertThat(answering.simulate(frame).verdict()).isEqualTo(Verdict.TX);
    }
  }
}
