package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VipTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2").weight(2);
  private static final Backend THREE = Backend.of("fc00::3");

  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();

  @Test
  void build_allSettings_returnsThem() {
    Vip vip =
        Vip.udp("fc00::1", 53)
            .backends(List.of(THREE, ONE))
            .hashing(Hashing.SOURCE_ADDRESS)
            .algorithm(RingAlgorithm.MAGLEV)
            .tracking(Tracking.ALWAYS)
            .idleTime(Duration.ofSeconds(90))
            .changeWindow(Duration.ofHours(2))
            .build();

    assertThat(vip.key())
        .isEqualTo(VipKey.of(Protocol.UDP, InetAddresses.forString("fc00::1"), 53));
    assertThat(vip.address()).isEqualTo(InetAddresses.forString("fc00::1"));
    assertThat(vip.port()).isEqualTo(53);
    assertThat(vip.protocol()).isEqualTo(Protocol.UDP);
    assertThat(vip.backends()).containsExactly(THREE, ONE);
    assertThat(vip.hashing()).isEqualTo(Hashing.SOURCE_ADDRESS);
    assertThat(vip.algorithm()).isEqualTo(RingAlgorithm.MAGLEV);
    assertThat(vip.tracking()).isEqualTo(Tracking.ALWAYS);
    assertThat(vip.idleTime()).isEqualTo(Duration.ofSeconds(90));
    assertThat(vip.changeWindow()).contains(Duration.ofHours(2));
    assertThat(vip.toBuilder().build()).isEqualTo(vip);
    assertThat(vip.toBuilder().changeWindow(Duration.ofHours(3)).build()).isNotEqualTo(vip);
    assertThat(vip.toString()).contains(" changeWindow PT2H");
  }

  @ParameterizedTest
  @CsvSource({"PT0.999S", "PT0S", "PT-1S", "PT24H0.001S"})
  void changeWindow_outOfRange_throws(Duration window) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp("203.0.113.10", 443).changeWindow(window))
        .withMessage("tcp 203.0.113.10:443: change window %s is not in PT1S..PT24H", window);
  }

  @Test
  void build_nothingSet_hasDefaults() {
    Vip vip = Vip.tcp("203.0.113.10", 443).build();

    assertThat(vip.backends()).isEmpty();
    assertThat(vip.hashing()).isEqualTo(Hashing.FLOW);
    assertThat(vip.algorithm()).isEqualTo(RingAlgorithm.MAGLEV_V2);
    assertThat(vip.tracking()).isEqualTo(Tracking.ADAPTIVE);
    assertThat(vip.idleTime()).isEqualTo(Duration.ofMinutes(5));
    assertThat(vip.changeWindow()).isEmpty();
    assertThat(Vip.udp("203.0.113.10", 53).build().idleTime()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void build_algorithmNotSet_ringIsMaglevV2() {
    try (LoadBalancer lb = LoadBalancer.inMemory().open()) {
      lb.put(WEB);
      assertThat(lb.ring(WEB.key()))
          .contains(Ring.of(Limits.defaults(), RingAlgorithm.MAGLEV_V2, List.of(ONE, TWO)));
    }
  }

  @Test
  void tcp_inetAddress_isTheSameAsTheLiteral() {
    assertThat(Vip.tcp(InetAddresses.forString("203.0.113.10"), 443).backends(ONE, TWO).build())
        .isEqualTo(WEB);
    assertThat(Vip.tcp(InetAddresses.forString("2001:db8::10"), 443).build())
        .isEqualTo(Vip.tcp("2001:db8::10", 443).build());
  }

  @Test
  void udp_inetAddress_isTheSameAsTheLiteral() {
    assertThat(Vip.udp(InetAddresses.forString("203.0.113.10"), 53).build())
        .isEqualTo(Vip.udp("203.0.113.10", 53).build());
    assertThat(Vip.udp(InetAddresses.forString("2001:db8::53"), 53).build())
        .isEqualTo(Vip.udp("2001:db8::53", 53).build());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void tcp_inetAddressAndPortOutOfRange_throws(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp(InetAddresses.forString("2001:db8::10"), port))
        .withMessage(
            "VIP port %d of 2001:db8::10 is not in 1..65535; leave the port out to match every"
                + " port",
            port);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.udp(InetAddresses.forString("203.0.113.10"), port))
        .withMessage(
            "VIP port %d of 203.0.113.10 is not in 1..65535; leave the port out to match every"
                + " port",
            port);
  }

  @Test
  void tcp_socketAddress_isTheSameAsTheLiteral() {
    InetSocketAddress ipv4 = new InetSocketAddress(InetAddresses.forString("203.0.113.10"), 443);
    InetSocketAddress ipv6 = new InetSocketAddress(InetAddresses.forString("2001:db8::10"), 443);

    assertThat(Vip.tcp(ipv4).backends(ONE, TWO).build()).isEqualTo(WEB);
    assertThat(Vip.tcp(ipv6).build()).isEqualTo(Vip.tcp("2001:db8::10", 443).build());
    assertThat(Vip.udp(ipv4).build()).isEqualTo(Vip.udp("203.0.113.10", 443).build());
    assertThat(Vip.udp(ipv6).build()).isEqualTo(Vip.udp("2001:db8::10", 443).build());
  }

  @Test
  void tcp_unresolvedSocketAddress_throws() {
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved("web.example", 443);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp(unresolved))
        .withMessageStartingWith("VIP web.example")
        .withMessageEndingWith("is a host name; host names are not resolved");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.udp(unresolved))
        .withMessageStartingWith("VIP web.example");
  }

  static Stream<Arguments> switches() {
    return Stream.of(
        aSwitch("quic", Vip.Builder::quic, Vip::quic),
        aSwitch("udpStableRouting", Vip.Builder::udpStableRouting, Vip::udpStableRouting),
        aSwitch("udpFlowMigration", Vip.Builder::udpFlowMigration, Vip::udpFlowMigration),
        aSwitch("sourceRouting", Vip.Builder::sourceRouting, Vip::sourceRouting),
        aSwitch("localDelivery", Vip.Builder::localDelivery, Vip::localDelivery));
  }

  private static Arguments aSwitch(
      String name, BiFunction<Vip.Builder, Boolean, Vip.Builder> set, Predicate<Vip> get) {
    return Arguments.of(name, set, get);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("switches")
  void builderSwitch_onAndOffAgain_isOff(
      String name, BiFunction<Vip.Builder, Boolean, Vip.Builder> set, Predicate<Vip> get) {
    Vip off = Vip.udp("203.0.113.10", 443).backends(ONE).build();
    Vip on = set.apply(off.toBuilder(), true).build();

    assertThat(get.test(off)).isFalse();
    assertThat(get.test(on)).isTrue();
    assertThat(on).isNotEqualTo(off).hasToString(off + " " + name);
    assertThat(on.toBuilder().build()).isEqualTo(on).hasSameHashCodeAs(on);
    assertThat(set.apply(on.toBuilder(), true).build()).isEqualTo(on);
    assertThat(set.apply(on.toBuilder(), false).build()).isEqualTo(off).hasSameHashCodeAs(off);
    assertThat(set.apply(off.toBuilder(), false).build()).isEqualTo(off);
    assertThat(get.test(on)).as("the built VIP is immutable").isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("switches")
  void builderSwitch_tcp_worksUnlessItNeedsUdp(
      String name, BiFunction<Vip.Builder, Boolean, Vip.Builder> set, Predicate<Vip> get) {
    Vip.Builder on = set.apply(Vip.tcp("203.0.113.10", 443), true);

    if (name.equals("sourceRouting") || name.equals("localDelivery")) {
      assertThat(get.test(on.build())).isTrue();
    } else {
      assertThatIllegalArgumentException()
          .isThrownBy(on::build)
          .withMessage("tcp 203.0.113.10:443: %s needs UDP", name);
    }
    assertThat(set.apply(on, false).build()).isEqualTo(Vip.tcp("203.0.113.10", 443).build());
  }

  @Test
  void backend_ofKey_returnsItDrainingOrNot() {
    assertThat(WEB.backend(TWO.key())).contains(TWO);
    assertThat(WEB.draining(TWO.key()).backend(TWO.key())).contains(TWO.draining(true));
    assertThat(WEB.backend(THREE.key())).isEmpty();
  }

  @Test
  void tcp_noPort_matchesEveryPort() {
    assertThat(Vip.tcp("203.0.113.10").build().port()).isZero();
    assertThat(Vip.udp("203.0.113.10").build().key())
        .isEqualTo(VipKey.of(Protocol.UDP, InetAddresses.forString("203.0.113.10"), 0));
  }

  @Test
  void of_key_buildsTheSameVip() {
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).build()).isEqualTo(WEB);
  }

  @Test
  void backends_calledTwice_replacesTheFirst() {
    assertThat(Vip.of(WEB.key()).backends(THREE).backends(ONE, TWO).build()).isEqualTo(WEB);
  }

  @Test
  void with_newBackend_appendsIt() {
    assertThat(WEB.with(THREE).backends()).containsExactly(ONE, TWO, THREE);
    assertThat(WEB.backends()).containsExactly(ONE, TWO);
  }

  @Test
  void with_knownKey_replacesTheBackend() {
    assertThat(WEB.with(ONE.weight(5)).backends()).containsExactly(ONE.weight(5), TWO);
  }

  @Test
  void without_knownBackend_keepsTheRest() {
    assertThat(WEB.without("10.0.0.1").backends()).containsExactly(TWO);
    assertThat(WEB.without(TWO.key()).backends()).containsExactly(ONE);
    assertThat(WEB.without("10.0.0.1").without("10.0.0.2").backends()).isEmpty();
  }

  @Test
  void without_unknownBackend_isUnchanged() {
    assertThat(WEB.without("10.0.0.9")).isEqualTo(WEB);
  }

  @Test
  void draining_keepsPositionAndWeight() {
    assertThat(WEB.draining("10.0.0.2").backends()).containsExactly(ONE, TWO.draining(true));
    assertThat(WEB.draining(ONE.key()).backends()).containsExactly(ONE.draining(true), TWO);
    assertThat(WEB.draining("10.0.0.2").with(TWO)).isEqualTo(WEB);
  }

  @Test
  void with_otherBackends_keepsHashingAndAlgorithm() {
    Vip vip =
        Vip.tcp("203.0.113.10")
            .backends(ONE, TWO)
            .hashing(Hashing.BOTH_PORTS)
            .algorithm(RingAlgorithm.MAGLEV)
            .build();

    assertThat(vip.with(THREE).draining("10.0.0.1").without("fc00::3").with(ONE)).isEqualTo(vip);
  }

  @Test
  void draining_unknownBackend_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WEB.draining("10.0.0.9"))
        .withMessage("10.0.0.9 is not a backend of tcp 203.0.113.10:443");
  }

  @Test
  void build_duplicateBackend_throws() {
    Vip.Builder builder = Vip.tcp("203.0.113.10").backends(THREE, ONE, THREE.weight(2));

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("tcp 203.0.113.10:*: duplicate backend fc00::3");
  }

  @Test
  void tcp_port0_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp("203.0.113.10", 0))
        .withMessage(
            "VIP port 0 of 203.0.113.10 is not in 1..65535; leave the port out to match every port");
  }

  @Test
  void tcp_portOutOfRange_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp("203.0.113.10", 65536))
        .withMessage(
            "VIP port 65536 of 203.0.113.10 is not in 1..65535; leave the port out to match every"
                + " port");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.udp("203.0.113.10", -1))
        .withMessage(
            "VIP port -1 of 203.0.113.10 is not in 1..65535; leave the port out to match every port");
  }

  @Test
  void backends_modified_throws() {
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> WEB.backends().remove(ONE));
  }

  @Test
  void equals_comparesAllSettings() {
    Vip same = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();

    assertThat(same).isEqualTo(WEB).hasSameHashCodeAs(WEB);
    assertThat(Vip.udp("203.0.113.10", 443).backends(ONE, TWO).build()).isNotEqualTo(WEB);
    assertThat(Vip.tcp("203.0.113.10", 80).backends(ONE, TWO).build()).isNotEqualTo(WEB);
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).hashing(Hashing.BOTH_PORTS).build())
        .isNotEqualTo(WEB);
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).algorithm(RingAlgorithm.MAGLEV).build())
        .isNotEqualTo(WEB);
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).algorithm(RingAlgorithm.MAGLEV_V2).build())
        .isEqualTo(WEB);
    assertThat(WEB.with(ONE.weight(3))).isNotEqualTo(WEB);
  }

  @Test
  void toString_leavesOutDefaults() {
    assertThat(WEB).hasToString("tcp 203.0.113.10:443 [10.0.0.1, 10.0.0.2 weight 2]");
    assertThat(WEB.draining("10.0.0.2"))
        .hasToString("tcp 203.0.113.10:443 [10.0.0.1, 10.0.0.2 weight 2 draining]");
    assertThat(
            Vip.udp("fc00::1")
                .hashing(Hashing.DESTINATION_PORT)
                .algorithm(RingAlgorithm.MAGLEV)
                .build())
        .hasToString("udp [fc00::1]:* [] hashing DESTINATION_PORT algorithm MAGLEV");
    assertThat(Vip.udp("fc00::1").algorithm(RingAlgorithm.MAGLEV_V2).build())
        .hasToString("udp [fc00::1]:* []");
    assertThat(Vip.tcp("fc00::1", 443).build().key()).hasToString("tcp [fc00::1]:443");
  }
}
