package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.net.InetAddresses;
import dev.katran.packets.Packet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationFingerprintTest {

  private static final Limits LIMITS =
      Limits.defaults().vips(16).backends(32).ringSize(251).flowTableSize(1024);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2").weight(3);
  private static final Vip VIP =
      Vip.udp("203.0.113.10", 443).backends(ONE, TWO).idleTime(Duration.ofMinutes(7)).build();
  private static final Prefix CLIENTS = Prefix.of("198.51.100.0/24");

  private static final Configuration WHOLE =
      Configuration.builder()
          .vips(
              VIP.toBuilder().udpFlowMigration(true).sourceRouting(true).build(),
              Vip.tcp("2001:db8::1").backends(TWO).build())
          .serverIds(Map.of(7, ONE, 8, TWO))
          .sourceRoutes(Map.of(CLIENTS, TWO))
          .tunnelEndpoints(Map.of(InetAddresses.forString("203.0.113.99"), TunnelEndpoint.EGRESS))
          .downBackends(Map.of(VIP.key(), Set.of(ONE.key())))
          .build();

  private static final List<UnaryOperator<Configuration>> WITHOUT_EFFECT =
      List.of(
          ConfigurationFingerprintTest::inOtherOrder,
          ConfigurationFingerprintTest::drainingInsteadOfWeightZero,
          ConfigurationFingerprintTest::withoutWatch,
          ConfigurationFingerprintTest::withoutUnusedTimes,
          ConfigurationFingerprintTest::withoutUnusedMarks,
          ConfigurationFingerprintTest::withoutUnusedSourceRoutes,
          ConfigurationFingerprintTest::otherWeightsInTables);

  private static String of(Vip vip) {
    return Configuration.of(vip).fingerprint();
  }

  private static String of(Backend backend) {
    return of(VIP.toBuilder().backends(backend).build());
  }

  /** A release with another value here decides that a fleet of both releases looks divided. */
  @Test
  void fingerprint_ofAConfiguration_isTheSameInEachRelease() {
    assertThat(WHOLE.fingerprint())
        .isEqualTo("8c56b276f5673e6bef4b0295bf4006ea93187fb6cae06a7e7ec4071062ef5d3e");
    assertThat(Configuration.of().fingerprint())
        .isEqualTo("0064744e8a82de287ab1c6131ff9b5cce256793e6d74dcc8a77cdd8093f5e61c");
  }

  static List<Options.Option<Vip>> vipOptions() {
    return Options.ofVip();
  }

  @ParameterizedTest
  @MethodSource("vipOptions")
  void fingerprint_anyOptionOfAVipDiffers_differs(Options.Option<Vip> option) {
    assertThat(of(option.change().apply(VIP))).isNotEqualTo(of(VIP));
  }

  static List<Options.Option<Backend>> backendOptions() {
    return Options.ofBackend();
  }

  @ParameterizedTest
  @MethodSource("backendOptions")
  void fingerprint_anyOptionOfABackendDiffers_differsUnlessItIsLocal(
      Options.Option<Backend> option) {
    String changed = of(option.change().apply(ONE));
    if (option.accessor().equals("local")) {
      assertThat(changed).isEqualTo(of(ONE));
    } else {
      assertThat(changed).isNotEqualTo(of(ONE));
    }
  }

  @Test
  void options_areAllCovered() {
    Options.assertComplete();
    Options.assertCovers(
        Configuration.class,
        Set.of("vips", "serverIds", "sourceRoutes", "tunnelEndpoints", "downBackends", "watched"),
        Set.of("toBuilder", "toJson", "fingerprint"));
    Options.assertCovers(
        Limits.class,
        Set.of("ringSize", "hashSeed"),
        Set.of("vips", "backends", "maxPacketSize", "flowTableSize", "serverIds", "sourceRoutes"));
  }

  @Test
  void fingerprint_tableDiffers_differs() {
    assertThat(
            Stream.of(
                    WHOLE,
                    WHOLE.toBuilder().vips(WHOLE.vips().getFirst()).build(),
                    WHOLE.toBuilder().serverIds(Map.of(7, ONE)).build(),
                    WHOLE.toBuilder().serverIds(Map.of(7, ONE, 9, TWO)).build(),
                    WHOLE.toBuilder().serverIds(Map.of(7, ONE, 8, ONE)).build(),
                    WHOLE.toBuilder().sourceRoutes(Map.of()).build(),
                    WHOLE.toBuilder().sourceRoutes(Map.of(CLIENTS, ONE)).build(),
                    WHOLE.toBuilder()
                        .sourceRoutes(Map.of(Prefix.of("198.51.100.0/25"), TWO))
                        .build(),
                    WHOLE.toBuilder().tunnelEndpoints(Map.of()).build(),
                    WHOLE.toBuilder()
                        .tunnelEndpoints(
                            Maps.transformValues(
                                WHOLE.tunnelEndpoints(), end -> TunnelEndpoint.RECIRCULATE))
                        .build(),
                    WHOLE.toBuilder().downBackends(Map.of()).build(),
                    WHOLE.toBuilder().downBackends(Map.of(VIP.key(), Set.of(TWO.key()))).build())
                .map(Configuration::fingerprint))
        .doesNotHaveDuplicates()
        .hasSize(12);
  }

  @Test
  void fingerprint_encapsulationInATableDiffers_differs() {
    Configuration ipip = Configuration.builder().serverIds(Map.of(1, ONE)).build();
    Configuration gue =
        Configuration.builder().serverIds(Map.of(1, ONE.via(Forwarding.gue()))).build();
    assertThat(ipip.fingerprint()).isNotEqualTo(gue.fingerprint());
  }

  @Test
  void fingerprint_limits_countIfTheyDecide() {
    String fingerprint = WHOLE.fingerprint();
    assertThat(WHOLE.fingerprint(Limits.defaults().ringSize(65539))).isNotEqualTo(fingerprint);
    assertThat(WHOLE.fingerprint(Limits.defaults().hashSeed(513))).isNotEqualTo(fingerprint);
    assertThat(
            WHOLE.fingerprint(
                Limits.defaults()
                    .vips(1)
                    .backends(1)
                    .maxPacketSize(9000)
                    .flowTableSize(1024)
                    .serverIds(1)
                    .sourceRoutes(1)))
        .isEqualTo(fingerprint);
  }

  /** Balancers whose fingerprints are equal do the same to each packet. */
  @Test
  void fingerprint_withoutEffectOnPackets_isEqual() {
    Random random = new Random(15);
    int differing = 0;
    for (int i = 0; i < 40; i++) {
      Configuration one = RandomConfigurations.next(random);
      Configuration other = one;
      for (UnaryOperator<Configuration> change : WITHOUT_EFFECT) {
        other = change.apply(other);
      }
      assertThat(other.fingerprint()).as(one.diff(other).toString()).isEqualTo(one.fingerprint());
      assertThat(decisions(other)).as(one.diff(other).toString()).isEqualTo(decisions(one));
      differing += one.equals(other) ? 0 : 1;
    }
    assertThat(differing).isGreaterThan(20);
  }

  /** In a fleet of backends, each with a balancer, each is local to another balancer. */
  @Test
  void fingerprint_otherBackendIsLocal_isEqualAndSoAreRoutes() {
    Random random = new Random(16);
    for (int i = 0; i < 20; i++) {
      Configuration one = RandomConfigurations.next(random);
      Configuration other = withBackends(one, backend -> backend.local(!backend.local()));
      assertThat(other.fingerprint()).isEqualTo(one.fingerprint());
      assertThat(routes(other)).isEqualTo(routes(one));
    }
  }

  /** No change that moves a packet leaves the fingerprint as it was. */
  @Test
  void fingerprint_anyPacketIsDecidedOtherwise_differs() {
    Random random = new Random(17);
    int moved = 0;
    for (int i = 0; i < 300; i++) {
      Configuration one = RandomConfigurations.next(random);
      Configuration other = changed(one, random);
      if (!decisions(one).equals(decisions(other))) {
        moved++;
        assertThat(other.fingerprint())
            .as(one.diff(other).toString())
            .isNotEqualTo(one.fingerprint());
      }
    }
    assertThat(moved).isGreaterThan(40);
  }

  /** Returns whether a VIP can have an option beside those that it has. */
  private static boolean isPossible(Options.Option<Vip> option, Vip vip) {
    try {
      return option.change().apply(vip) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Changes one thing that is neither local nor local delivery, or nothing. */
  private static Configuration changed(Configuration from, Random random) {
    List<Vip> vips = new ArrayList<>(from.vips());
    if (vips.isEmpty() || random.nextInt(6) == 0) {
      return switch (random.nextInt(3)) {
        case 0 -> from.toBuilder().serverIds(Map.of()).build();
        case 1 -> from.toBuilder().sourceRoutes(Map.of()).build();
        default -> from.toBuilder().downBackends(Map.of()).build();
      };
    }
    int index = random.nextInt(vips.size());
    Vip vip = vips.get(index);
    if (vip.backends().isEmpty() || random.nextBoolean()) {
      List<Options.Option<Vip>> options =
          Options.ofVip().stream()
              .filter(each -> !Set.of("key", "backends").contains(each.accessor()))
              .filter(each ->
                  vip.protocol() == Protocol.UDP
                      || !Set.of("quic", "udpStableRouting", "udpFlowMigration")
                          .contains(each.accessor()))
              .filter(each -> isPossible(each, vip))
              .toList();
      vips.set(index, options.get(random.nextInt(options.size())).change().apply(vip));
    } else {
      Backend backend = vip.backends().get(random.nextInt(vip.backends().size()));
      vips.set(
          index,
          vip.with(
              random.nextBoolean() ? backend.draining(!backend.draining()) : backend.weight(9)));
    }
    return from.toBuilder().vips(vips).build();
  }

  private static LoadBalancer open(Configuration configuration) {
    LoadBalancer lb =
        LoadBalancer.inMemory()
            .limits(LIMITS)
            .nextHop(NextHop.via("02:00:00:00:00:03"))
            .sourceAddress("192.0.2.1")
            .sourceAddress("2001:db8:9::1")
            .decapsulation(Decapsulation.ANY)
            .open();
    lb.apply(configuration);
    return lb;
  }

  private static List<Flow> flows() {
    List<Flow> flows = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      for (int port : new int[] {53, 443, 8080}) {
        String v4 = i % 2 == 0 ? "198.51.100.7" : "192.0.2.7";
        for (String vip : List.of("203.0.113.10", "203.0.113.11", "203.0.114.9")) {
          flows.add(Flow.tcp(v4, 1000 + i, vip, port));
          flows.add(Flow.udp(v4, 1000 + i, vip, port));
        }
        String v6 = i % 2 == 0 ? "2001:db8:7::7" : "2001:db8:8::7";
        for (String vip : List.of("2001:db8::10", "2001:db8:1::9")) {
          flows.add(Flow.tcp(v6, 1000 + i, vip, port));
          flows.add(Flow.udp(v6, 1000 + i, vip, port));
        }
      }
    }
    return flows;
  }

  /** Returns where each of some flows goes. */
  private static List<Object> routes(Configuration configuration) {
    List<Object> routes = new ArrayList<>();
    try (LoadBalancer lb = open(configuration)) {
      for (Flow flow : flows()) {
        Route route = lb.route(flow);
        routes.add(route.reason());
        routes.add(route.slot());
        routes.add(route.backend().map(Backend::key));
      }
    }
    return routes;
  }

  /** Returns what happens to packets of some flows, with and without server ids. */
  private static List<Object> decisions(Configuration configuration) {
    List<Object> decisions = new ArrayList<>();
    try (LoadBalancer lb = open(configuration)) {
      for (Flow flow : flows()) {
        for (Packet packet : packets(flow)) {
          Simulation simulation = lb.simulate(packet.frame());
          decisions.add(simulation.verdict());
          decisions.add(Arrays.hashCode(simulation.frame()));
        }
      }
    }
    return decisions;
  }

  private static List<Packet> packets(Flow flow) {
    String source = InetAddresses.toAddrString(flow.source());
    String destination = InetAddresses.toAddrString(flow.destination());
    if (flow.protocol() == Protocol.TCP) {
      return List.of(Packet.tcp(source, flow.sourcePort(), destination, flow.destinationPort()));
    }
    int id = 1 + flow.sourcePort() % 3;
    byte[] quic = new byte[40];
    quic[0] = 0x40;
    quic[1] = (byte) 0x80;
    quic[4] = (byte) id;
    byte[] stable = {0x52, 0, 0, (byte) id, 0, 0, 0, 0};
    Packet packet = Packet.udp(source, flow.sourcePort(), destination, flow.destinationPort());
    return List.of(packet, packet.payload(quic), packet.payload(stable));
  }

  private static Configuration withBackends(Configuration from, UnaryOperator<Backend> change) {
    return from.toBuilder()
        .vips(
            from.vips().stream()
                .map(vip ->
                    vip.toBuilder().backends(vip.backends().stream().map(change).toList()).build())
                .toList())
        .serverIds(Maps.transformValues(from.serverIds(), change::apply))
        .sourceRoutes(Maps.transformValues(from.sourceRoutes(), change::apply))
        .build();
  }

  private static Configuration withVips(Configuration from, UnaryOperator<Vip> change) {
    return from.toBuilder().vips(from.vips().stream().map(change).toList()).build();
  }

  private static <K, V> Map<K, V> reversed(Map<K, V> entries) {
    List<Map.Entry<K, V>> list = new ArrayList<>(entries.entrySet());
    Collections.reverse(list);
    return ImmutableMap.copyOf(list);
  }

  private static Configuration inOtherOrder(Configuration from) {
    List<Vip> vips = new ArrayList<>();
    for (Vip vip : from.vips()) {
      List<Backend> backends = new ArrayList<>(vip.backends());
      Collections.reverse(backends);
      vips.add(vip.toBuilder().backends(backends).build());
    }
    Collections.reverse(vips);
    return from.toBuilder()
        .vips(vips)
        .serverIds(reversed(from.serverIds()))
        .sourceRoutes(reversed(from.sourceRoutes()))
        .tunnelEndpoints(reversed(from.tunnelEndpoints()))
        .build();
  }

  private static Configuration drainingInsteadOfWeightZero(Configuration from) {
    return withVips(
        from,
        vip ->
            vip.toBuilder()
                .backends(
                    vip.backends().stream()
                        .map(each -> each.takesNewFlows() ? each : each.weight(5).draining(true))
                        .toList())
                .build());
  }

  private static Configuration withoutWatch(Configuration from) {
    return from.toBuilder().unwatch().build();
  }

  /** Changes the times of VIPs that do not use them. */
  private static Configuration withoutUnusedTimes(Configuration from) {
    return withVips(
        from,
        vip ->
            vip.tracking() == Tracking.ADAPTIVE
                ? vip
                : vip.toBuilder()
                    .idleTime(Duration.ofHours(3))
                    .changeWindow(Duration.ofHours(4))
                    .build());
  }

  private static Configuration withoutUnusedMarks(Configuration from) {
    return from.toBuilder()
        .downBackends(
            Maps.filterKeys(
                from.downBackends(), key -> from.vip(key).orElseThrow().udpFlowMigration()))
        .build();
  }

  private static Configuration withoutUnusedSourceRoutes(Configuration from) {
    return from.vips().stream().anyMatch(Vip::sourceRouting)
        ? from
        : from.toBuilder().sourceRoutes(Map.of()).build();
  }

  private static Configuration otherWeightsInTables(Configuration from) {
    return from.toBuilder()
        .serverIds(Maps.transformValues(from.serverIds(), each -> each.weight(4).draining(true)))
        .sourceRoutes(Maps.transformValues(from.sourceRoutes(), each -> each.weight(0)))
        .build();
  }
}
