package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How a VIP reaches its backends, and at which ports: {@link Vip.Builder#forwarding}. */
class VipForwardingTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip.Builder NONE = Vip.tcp("203.0.113.10", 443);

  private static Vip.Builder web() {
    return Vip.tcp("203.0.113.10", 443);
  }

  private static Vip.Builder rewriting() {
    return web().forwarding(Forwarding.rewrite());
  }

  @Test
  void forwarding_ofTheVip_isThatOfBackendsWithoutOne() {
    Vip vip =
        web().backends(ONE, TWO.via(Forwarding.gue())).forwarding(Forwarding.direct()).build();

    assertThat(vip.forwarding()).isEqualTo(Forwarding.direct());
    assertThat(vip.backends())
        .extracting(Backend::forwarding)
        .containsExactly(Forwarding.direct(), Forwarding.gue());
    assertThat(vip.backends()).extracting(Backend::hasOwnForwarding).containsExactly(false, true);
    assertThat(NONE.build().forwarding()).isEqualTo(Forwarding.ipip());
  }

  @Test
  void forwarding_changedLater_isThatOfBackendsWithoutOne() {
    Vip vip =
        web().backends(ONE, TWO.via(Forwarding.gue())).forwarding(Forwarding.direct()).build();
    Vip changed = vip.toBuilder().forwarding(Forwarding.ipip()).build();

    assertThat(changed).isEqualTo(web().backends(ONE, TWO.via(Forwarding.gue())).build());
    assertThat(vip.with(Backend.of("10.0.0.3")).backend(BackendKey.of("10.0.0.3")))
        .map(Backend::forwarding)
        .contains(Forwarding.direct());
    assertThat(web().backends(vip.backends()).build()).isEqualTo(changed);
  }

  @Test
  void forwarding_ofTheVip_isPartOfEqualsAndToString() {
    Vip vip = rewriting().backends(ONE.port(8080), TWO.via(Forwarding.ipip()).weight(2)).build();

    assertThat(vip)
        .isNotEqualTo(vip.toBuilder().forwarding(Forwarding.ipip()).backends().build())
        .isNotEqualTo(
            web()
                .backends(ONE.port(8080).via(Forwarding.rewrite()), TWO.via(Forwarding.ipip()))
                .build())
        .hasToString(
            "tcp 203.0.113.10:443 [10.0.0.1:8080, 10.0.0.2 weight 2 via IPIP] via REWRITE");
    assertThat(rewriting().build()).isNotEqualTo(web().build());
  }

  @Test
  void backends_ofOneAddressAndTwoPorts_areTwo() {
    Vip vip = rewriting().backends(ONE.port(8080), ONE.port(8081).weight(2), ONE.weight(3)).build();

    assertThat(vip.backends()).hasSize(3);
    assertThat(vip.draining("10.0.0.1:8081").without("10.0.0.1").backends())
        .containsExactly(
            vip.backends().get(0),
            vip.backend(BackendKey.of("10.0.0.1", 8081)).orElseThrow().draining(true));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> vip.draining("10.0.0.1:8082"))
        .withMessage("10.0.0.1:8082 is not a backend of tcp 203.0.113.10:443");
  }

  /** Two ports of an address take slots as two addresses do. */
  @Test
  void ring_twoPortsOfAnAddress_shareSlotsEvenly() {
    List<Backend> backends = Stream.of(0, 8080, 8081, 8082).map(ONE::port).toList();
    Ring ring = Ring.of(Limits.defaults(), RingAlgorithm.MAGLEV_V2, backends);

    for (Backend backend : backends) {
      assertThat(ring.share(backend.key())).isBetween(0.2499, 0.2501);
    }
    Ring without = Ring.of(Limits.defaults(), RingAlgorithm.MAGLEV_V2, backends.subList(0, 3));
    assertThat(without.difference(ring)).isLessThan(0.3);
  }

  @Test
  void build_portSetBeforeOrAfterForwarding_isTheSame() {
    Vip vip = web().forwarding(Forwarding.rewrite()).backends(ONE.port(8080)).build();

    assertThat(web().backends(ONE.port(8080)).forwarding(Forwarding.rewrite()).build())
        .isEqualTo(vip);
    assertThat(ONE.port(8080).via(Forwarding.rewrite()))
        .isEqualTo(ONE.via(Forwarding.rewrite()).port(8080));
  }

  static Stream<Arguments> refusals() {
    Backend rewritten = ONE.via(Forwarding.rewrite());
    return Stream.of(
        refusal(
            web().backends(ONE.port(8080))::build,
            "tcp 203.0.113.10:443: backend 10.0.0.1:8080 has a port of its own, which needs "
                + "REWRITE, but is via IPIP"),
        refusal(
            rewriting().backends(ONE.port(8080).via(Forwarding.direct()))::build,
            "tcp 203.0.113.10:443: backend 10.0.0.1:8080 has a port of its own, which needs "
                + "REWRITE, but is via DIRECT"),
        refusal(
            rewriting().backends(ONE, Backend.of("fc00::1").port(80))::build,
            "tcp 203.0.113.10:443: backend [fc00::1]:80 is via REWRITE, which needs a backend of "
                + "the VIP's family"),
        refusal(
            Vip.udp("2001:db8::1", 53).backends(rewritten)::build,
            "udp [2001:db8::1]:53: backend 10.0.0.1 is via REWRITE, which needs a backend of the "
                + "VIP's family"),
        refusal(
            Vip.tcp("203.0.113.0/24", 443).backends(rewritten)::build,
            "tcp 203.0.113.0/24:443: backend 10.0.0.1 is via REWRITE, which needs a VIP of a "
                + "single address, not a prefix: its answers must get the address back"),
        refusal(
            Vip.tcp("203.0.113.10").backends(rewritten.port(80))::build,
            "tcp 203.0.113.10:*: backend 10.0.0.1:80 has a port of its own, but the VIP matches "
                + "every port and keeps it"),
        refusal(
            rewriting().backends(TWO, ONE, ONE.port(443))::build,
            "tcp 203.0.113.10:443: backends 10.0.0.1 and 10.0.0.1:443 are the same server and "
                + "port"),
        refusal(
            rewriting().backends(ONE.port(80), ONE.port(80))::build,
            "tcp 203.0.113.10:443: duplicate backend 10.0.0.1:80"),
        refusal(
            () -> Configuration.builder().serverIds(Map.of(7, ONE.port(80))),
            "server id 7: backend 10.0.0.1:80 has a port of its own, which needs REWRITE, but is "
                + "via IPIP"),
        refusal(
            () -> Configuration.builder().sourceRoutes(Map.of(Prefix.of("::/0"), ONE.port(80))),
            "source route ::/0: backend 10.0.0.1:80 has a port of its own, which needs REWRITE, "
                + "but is via IPIP"),
        refusal(
            Configuration.builder()
                    .vips(web().sourceRouting(true).build())
                    .sourceRoutes(Map.of(Prefix.of("0.0.0.0/0"), rewritten))
                ::build,
            "tcp 203.0.113.10:443 follows source routes, one of which leads to backend 10.0.0.1 "
                + "via REWRITE, whose answers would not get the VIP's address; add the backend to "
                + "the VIP, with weight 0 if need be"));
  }

  private static Arguments refusal(ThrowingCallable call, String message) {
    return Arguments.of(call, message);
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("refusals")
  void build_doesNotFitTogether_throws(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  private static Vip vip(String key, Backend... backends) {
    return Vip.of(VipKey.parse(key)).forwarding(Forwarding.rewrite()).backends(backends).build();
  }

  static Stream<Arguments> conflicts() {
    return Stream.of(
        Arguments.of(
            vip("tcp 203.0.113.10:443", ONE.port(8080)),
            vip("tcp 203.0.113.11:443", ONE.port(8080)),
            "backend 10.0.0.1:8080 is via REWRITE, and so is 10.0.0.1:8080 of "),
        Arguments.of(
            vip("tcp 203.0.113.10:443", ONE),
            vip("tcp 203.0.113.11:443", ONE),
            "backend 10.0.0.1:443 is via REWRITE, and so is 10.0.0.1:443 of "),
        Arguments.of(
            vip("tcp 203.0.113.10:443", ONE),
            vip("tcp 203.0.113.11:80", ONE.port(443)),
            "backend 10.0.0.1:443 is via REWRITE, and so is 10.0.0.1:443 of "),
        Arguments.of(
            vip("udp 203.0.113.10:*", ONE),
            vip("udp 203.0.113.11:*", ONE),
            "backend 10.0.0.1 at every port is via REWRITE, and so is 10.0.0.1 at every port of "),
        Arguments.of(
            vip("udp 203.0.113.10:*", ONE),
            vip("udp 203.0.113.10:53", ONE),
            "backend 10.0.0.1:53 is via REWRITE, and so is 10.0.0.1 at every port of "),
        Arguments.of(
            vip("udp 203.0.113.10:53", ONE.port(54)),
            vip("udp 203.0.113.10:*", ONE),
            "backend 10.0.0.1 at every port is via REWRITE, and so is 10.0.0.1:54 of "));
  }

  @ParameterizedTest
  @MethodSource("conflicts")
  void answers_ofTwoVips_throws(Vip one, Vip other, String problem) {
    String message =
        "%s: %s%s: its answers could be for either; give the server another port in one of them"
            .formatted(other.key(), problem, one.key());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.of(one, other))
        .withMessage(message);
    try (LoadBalancer lb = LoadBalancer.inMemory().open()) {
      lb.put(one);
      assertThatIllegalArgumentException().isThrownBy(() -> lb.put(other)).withMessage(message);
      assertThat(lb.vips()).containsExactly(one);
      lb.apply(Configuration.of(other));
      assertThat(lb.vips()).containsExactly(other);
      lb.remove(other.key());
      lb.put(one);
    }
  }

  @Test
  void answers_ofOtherPortsOrProtocols_areOfEachVip() {
    List<Vip> vips =
        List.of(
            vip("tcp 203.0.113.10:443", ONE, ONE.port(8080)),
            vip("tcp 203.0.113.10:80", ONE),
            vip("udp 203.0.113.10:443", ONE),
            vip("udp 203.0.113.11:*", TWO),
            vip("tcp 203.0.113.11:443", TWO));
    assertThat(Configuration.of(vips).vips()).isEqualTo(vips);
    try (LoadBalancer lb = LoadBalancer.inMemory().open()) {
      vips.forEach(lb::put);
      assertThat(lb.vips()).isEqualTo(vips);
    }
  }
}
