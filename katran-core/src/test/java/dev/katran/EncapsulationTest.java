package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.ffm.net.MacAddress;
import dev.katran.nexthop.NextHops;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Gue;
import dev.katran.packets.Packet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** IPIP and GUE, as a user has them. */
class EncapsulationTest {

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

  /** By the backends that a few flows to the VIP of port 443 go to, the outer protocol. */
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
  void aFleetGoesOverBackendByBackend() {
    try (LoadBalancer lb = withSourceV4()) {
      lb.put(WEB);
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", IPIP, "10.0.0.2", IPIP));
      Ring before = lb.ring(WEB.key()).orElseThrow();

      lb.put(WEB.with(ONE.via(Encapsulation.gue())));
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", UDP, "10.0.0.2", IPIP));
      assertThat(lb.ring(WEB.key()).orElseThrow().difference(before)).isZero();
      assertThat(lb.counters().backend(ONE).plus(lb.counters().backend(TWO)).packets())
          .as("counters go on")
          .isEqualTo(100);

      lb.put(WEB.with(ONE).with(TWO.via(Encapsulation.gue())));
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", IPIP, "10.0.0.2", UDP));
    }
  }

  @Test
  void sourceAndPortAreThoseOfTheBuilder() {
    Backend six = Backend.of("fd00::1").via(Encapsulation.gue());
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
  void gueNeedsASourceOfTheBackendsFamily() {
    Backend six = Backend.of("fd00::1").via(Encapsulation.gue());
    try (LoadBalancer lb = withSourceV4()) {
      lb.put(WEB);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(WEB.with(six)))
          .withMessage(
              "backend fd00::1 via GUE needs an outer source of its family: "
                  + "give the builder a sourceAddress");
      assertThat(lb.vips()).containsExactly(WEB);
    }
    try (LoadBalancer lb = LoadBalancer.inMemory().limits(LIMITS).open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(WEB.with(ONE.via(Encapsulation.gue()))))
          .withMessageStartingWith("backend 10.0.0.1 via GUE");
    }
  }

  @Test
  void allVipsOfABackendReachItAlike() {
    Backend over = ONE.via(Encapsulation.gue());
    try (LoadBalancer lb = withSourceV4()) {
      lb.put(DNS);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(WEB.with(over)))
          .withMessage(
              "backend 10.0.0.1 is via GUE for tcp 203.0.113.10:443, and via IPIP for another VIP or table: "
                  + "change all in one apply()");

      lb.apply(List.of(DNS.with(over), WEB.with(over)));
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", UDP, "10.0.0.2", IPIP));
    }
  }

  @Test
  void aChangeThatFailsLeavesABackendAsItWas() {
    GueConfig gue = GueConfig.NONE.withSource(Addresses.parse("source", "10.0.13.37"));
    DataplaneConfig config = DataplaneConfig.of(LIMITS).withGue(gue);
    FailingDataplane dataplane = new FailingDataplane(new JavaDataplane(config));
    NextHops nextHops = NextHops.fixed(new Hop(MacAddress.parse("02:00:00:00:00:01"), null));
    try (LoadBalancer lb = new LoadBalancer(dataplane, config, nextHops)) {
      lb.put(WEB);
      dataplane.failAfter(1);
      assertThatThrownBy(() -> lb.put(WEB.with(ONE.via(Encapsulation.gue()).weight(3))))
          .isInstanceOf(FailingDataplane.Failure.class);
      assertThat(protocols(lb)).isEqualTo(Map.of("10.0.0.1", IPIP, "10.0.0.2", IPIP));
    }
  }

  @Test
  void isPartOfWhatABackendIs() {
    assertThat(ONE.encapsulation()).isEqualTo(Encapsulation.ipip());
    Backend over = ONE.via(Encapsulation.gue());
    assertThat(over.encapsulation()).isEqualTo(Encapsulation.gue());
    assertThat(over).isNotEqualTo(ONE).hasToString("10.0.0.1 via GUE");
    assertThat(over.weight(2).draining(true).encapsulation()).isEqualTo(Encapsulation.gue());
    assertThat(over.via(Encapsulation.ipip())).isEqualTo(ONE).hasSameHashCodeAs(ONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void aPortThatIsNoneIsRefused(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadBalancer.inMemory().guePort(port))
        .withMessage("the GUE port %d is not in 1..65535", port);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"balancer.example", "0.0.0.0", "ff02::1", "fe80::1%eth0", "::ffff:1.2.3.4"})
  void aSourceThatCannotBeOneIsRefused(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadBalancer.inMemory().sourceAddress(literal))
        .withMessageStartingWith("source ");
  }

  @Test
  void whatIsTooBigIsAnsweredIfWanted() {
    byte[] frame = Packet.tcp("198.51.100.7", 1, "203.0.113.10", 443).payload(1500).frame();
    try (LoadBalancer silent = LoadBalancer.inMemory().limits(LIMITS).open();
        LoadBalancer polite = LoadBalancer.inMemory().limits(LIMITS).answerTooBig(true).open()) {
      silent.put(WEB);
      polite.put(WEB);
      assertThat(silent.simulate(frame).verdict()).isEqualTo(Verdict.DROP);
      assertThat(polite.simulate(frame).verdict()).isEqualTo(Verdict.TX);
    }
  }
}
