package dev.katran.examples.replay.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.DownBackends;
import dev.katran.Forwarding;
import dev.katran.Hashing;
import dev.katran.LoadBalancer;
import dev.katran.Prefix;
import dev.katran.RingAlgorithm;
import dev.katran.Tracking;
import dev.katran.TunnelEndpoint;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.examples.replay.ScenarioFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SetupTest {

  private static final String GUE =
      """
      , "encapsulation": "gue", "sourceV4": "10.0.13.37", "sourceV6": "fc00:2307::1337"\
      """;

  private static final String VIP =
      """
      {"vip": {"address": "203.0.113.10", "port": %d, "protocol": "%s", "flags": [%s],
       "backends": [{"address": "10.0.0.1", "weight": 3}, {"address": "fc00::1", "weight": 1}]}}\
      """;

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("fc00::1");
  private static final String UDP = VIP.formatted(53, "udp", "");

  @TempDir Path folder;

  private void setUp(Consumer<LoadBalancer> check, String moreConfig, String... steps)
      throws IOException {
    Scenario scenario =
        Scenario.readSetup(
            ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG + moreConfig, steps));
    try (LoadBalancer balancer = scenario.config().applyTo(LoadBalancer.inMemory()).open()) {
      Setup setup = new Setup(scenario.config(), balancer);
      scenario.steps().forEach(setup::apply);
      check.accept(balancer);
    }
  }

  private Vip vip(String moreConfig, String... steps) throws IOException {
    Vip[] vip = new Vip[1];
    setUp(balancer -> vip[0] = balancer.vips().getFirst(), moreConfig, steps);
    return vip[0];
  }

  private static Vip.Builder untrackedMaglev(Vip.Builder vip) {
    return vip.algorithm(RingAlgorithm.MAGLEV).tracking(Tracking.NONE);
  }

  private static Vip.Builder dns() {
    return untrackedMaglev(Vip.udp("203.0.113.10", 53)).backends(ONE.weight(3), TWO);
  }

  @Test
  void install_vip_hasItsBackends() throws IOException {
    assertThat(vip("", UDP)).isEqualTo(dns().build());
    assertThat(vip("", VIP.formatted(0, "tcp", "")))
        .isEqualTo(untrackedMaglev(Vip.tcp("203.0.113.10")).backends(ONE.weight(3), TWO).build());
    assertThat(vip("", ScenarioFolder.EMPTY_VIP))
        .isEqualTo(untrackedMaglev(Vip.tcp("203.0.113.10", 443)).build());
  }

  @Test
  void install_lruBypass_overridesTracking() throws IOException {
    String tracked = ", \"tracking\": \"ALWAYS\"";
    assertThat(vip(tracked, UDP)).isEqualTo(dns().tracking(Tracking.ALWAYS).build());
    assertThat(vip(tracked, VIP.formatted(53, "udp", "\"LRU_BYPASS\""))).isEqualTo(dns().build());
    assertThat(vip(tracked, VIP.formatted(53, "udp", "\"GLOBAL_LRU\"")))
        .isEqualTo(dns().tracking(Tracking.ALWAYS).build());
  }

  @ParameterizedTest
  @CsvSource({
    "HASH_NO_SRC_PORT, SOURCE_ADDRESS",
    "HASH_DST_PORT_ONLY, DESTINATION_PORT",
    "HASH_SRC_DST_PORT, BOTH_PORTS",
    "HASH_NO_SRC_PORT HASH_DST_PORT_ONLY, DESTINATION_PORT_UNIFORM",
    "HASH_NO_SRC_PORT HASH_SRC_DST_PORT, SOURCE_ADDRESS_AND_DESTINATION_PORT",
    "HASH_DST_PORT_ONLY HASH_SRC_DST_PORT, DESTINATION_PORT",
    "HASH_NO_SRC_PORT HASH_DST_PORT_ONLY HASH_SRC_DST_PORT, DESTINATION_PORT_UNIFORM"
  })
  void install_hashFlags_combineToHashing(String flags, Hashing hashing) throws IOException {
    String quoted = "\"" + flags.replace(" ", "\", \"") + "\"";
    assertThat(vip("", VIP.formatted(53, "udp", quoted))).isEqualTo(dns().hashing(hashing).build());
  }

  @Test
  void install_otherFlags_setOptions() throws IOException {
    assertThat(vip("", VIP.formatted(53, "udp", "\"QUIC\", \"LOCAL\"")))
        .isEqualTo(dns().quic(true).localDelivery(true).build());
    String flags = "\"UDP_STABLE_ROUTING\", \"QUIC\", \"UDP_FLOW_MIGRATION\", \"SOURCE_ROUTING\"";
    assertThat(vip("", VIP.formatted(53, "udp", flags)))
        .isEqualTo(
            dns()
                .udpStableRouting(true)
                .quic(true)
                .udpFlowMigration(true)
                .sourceRouting(true)
                .build());
  }

  @Test
  void install_udpFlagsOnTcp_areIgnored() throws IOException {
    String flags = "\"QUIC\", \"UDP_STABLE_ROUTING\", \"UDP_FLOW_MIGRATION\", \"LOCAL\"";
    assertThat(vip("", VIP.formatted(443, "tcp", flags)))
        .isEqualTo(
            untrackedMaglev(Vip.tcp("203.0.113.10", 443))
                .backends(ONE.weight(3), TWO)
                .localDelivery(true)
                .build());
  }

  @Test
  void addFlags_installedVip_keepsItsFlags() throws IOException {
    String more =
        """
        {"flags": {"address": "203.0.113.10", "port": 53, "protocol": "udp",
         "add": ["SOURCE_ROUTING", "HASH_SRC_DST_PORT"]}}\
        """;
    assertThat(vip("", VIP.formatted(53, "udp", "\"HASH_NO_SRC_PORT\", \"QUIC\""), more))
        .isEqualTo(
            dns()
                .quic(true)
                .sourceRouting(true)
                .hashing(Hashing.SOURCE_ADDRESS_AND_DESTINATION_PORT)
                .build());
  }

  @Test
  void remove_backend_drains() throws IOException {
    String remove =
        """
        {"remove": {"address": "203.0.113.10", "port": 53, "protocol": "udp",
         "backend": "10.0.0.1"}}\
        """;
    assertThat(vip("", UDP, remove)).isEqualTo(dns().build().draining("10.0.0.1"));
  }

  @Test
  void install_withoutFormerBackend_drainsIt() throws IOException {
    String other =
        """
        {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp",
         "backends": [{"address": "10.0.0.2"}, {"address": "fc00::1"}]}}\
        """;
    assertThat(vip("", UDP, other).backends())
        .containsExactly(Backend.of("10.0.0.2"), TWO, ONE.weight(3).draining(true));
  }

  @Test
  void addFlags_prefixVip_lengthIsOptional() throws IOException {
    String vip =
        """
        {"vip": {"address": "203.0.113.10", "prefixLength": 24, "port": 0, "protocol": "tcp"}}\
        """;
    String flags =
        "{\"flags\": {\"address\": \"203.0.113.10\", \"port\": 0, %s"
            + "\"protocol\": \"tcp\", \"add\": [\"LOCAL\"]}}";
    Vip expected = untrackedMaglev(Vip.tcp("203.0.113.0/24")).localDelivery(true).build();
    assertThat(vip("", vip, flags.formatted(""))).isEqualTo(expected);
    assertThat(vip("", vip, flags.formatted("\"prefixLength\": 24, "))).isEqualTo(expected);
  }

  @Test
  void install_backendEncapsulation_overridesConfig() throws IOException {
    String mixed =
        """
        {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp", "backends": [
         {"address": "10.0.0.1"}, {"address": "10.0.0.2", "encapsulation": "ipip"},
         {"address": "fc00::1", "encapsulation": "gue", "local": true}]}}\
        """;
    assertThat(vip(GUE, mixed).backends())
        .containsExactly(
            ONE.via(Forwarding.gue()),
            Backend.of("10.0.0.2"),
            TWO.via(Forwarding.gue()).local(true));
  }

  @Test
  void install_forwarding_isThatOfBackendElseOfVipElseOfConfig() throws IOException {
    String mixed =
        """
        {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp", %s"backends": [
         {"address": "10.0.0.1"}, {"address": "10.0.0.1", "port": 5353, "forwarding": "rewrite"},
         {"address": "10.0.0.2", "forwarding": "ipip"}]}}\
        """;
    String direct = ", \"forwarding\": \"direct\"";
    assertThat(vip(direct, mixed.formatted("")).backends())
        .containsExactly(
            ONE.via(Forwarding.direct()),
            ONE.port(5353).via(Forwarding.rewrite()),
            Backend.of("10.0.0.2"));
    assertThat(vip(direct, mixed.formatted("\"forwarding\": \"rewrite\", ")).backends())
        .containsExactly(
            ONE.via(Forwarding.rewrite()),
            ONE.port(5353).via(Forwarding.rewrite()),
            Backend.of("10.0.0.2"));
  }

  @Test
  void serverIds_backendWithPort_isNamedByIt() throws IOException {
    String ids = "{\"serverIds\": {\"7\": \"10.0.0.1:5353\"}}";
    String rewriting =
        """
        {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp", "forwarding": "rewrite",
         "backends": [{"address": "10.0.0.1", "port": 5353}]}}\
        """;
    setUp(
        lb ->
            assertThat(lb.serverIds().entries())
                .isEqualTo(Map.of(7, ONE.port(5353).via(Forwarding.rewrite()))),
        "",
        rewriting,
        ids);
  }

  @Test
  void serverIds_backendOfVip_keepsItsSettings() throws IOException {
    String ids = "{\"serverIds\": {\"1022\": \"10.0.0.1\", \"2147483647\": \"10.0.0.9\"}}";
    String local =
        """
        {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp", "backends": [
         {"address": "10.0.0.1", "encapsulation": "ipip", "local": true}]}}\
        """;
    Map<Integer, Backend> expected =
        Map.of(1022, ONE.local(true), 2147483647, Backend.of("10.0.0.9").via(Forwarding.gue()));
    setUp(lb -> assertThat(lb.serverIds().entries()).isEqualTo(expected), GUE, local, ids);
    // also if they precede the VIP
    setUp(lb -> assertThat(lb.serverIds().entries()).isEqualTo(expected), GUE, ids, local);
  }

  @Test
  void apply_otherSteps_fillTables() throws IOException {
    setUp(
        lb -> {
          assertThat(lb.sourceRoutes().entries())
              .isEqualTo(
                  Map.of(
                      Prefix.of("192.168.0.0/17"),
                      Backend.of("fc00::2"),
                      Prefix.of("10.1.2.3"),
                      ONE.weight(3)));
          assertThat(lb.tunnelEndpoints().entries())
              .isEqualTo(Map.of(InetAddresses.forString("192.0.2.1"), TunnelEndpoint.EGRESS));
          assertThat(lb.downBackends().entries())
              .containsExactly(new DownBackends.Mark(VipKey.udp("203.0.113.10", 53), ONE.key()));
        },
        ", \"inlineDecapsulation\": true",
        UDP,
        "{\"sourceRoute\": {\"prefix\": \"192.168.1.0/17\", \"backend\": \"fc00::2\"}}",
        "{\"sourceRoute\": {\"prefix\": \"10.1.2.3\", \"backend\": \"10.0.0.1\"}}",
        "{\"decapsulate\": {\"address\": \"192.0.2.1\", \"mode\": \"EGRESS\"}}",
        """
        {"down": {"address": "203.0.113.10", "port": 53, "protocol": "udp",
         "backend": "10.0.0.1"}}\
        """);
  }

  @Test
  void decapsulate_decapsulationOff_isIgnored() throws IOException {
    setUp(
        lb -> assertThat(lb.tunnelEndpoints().size()).isZero(),
        ", \"strictDecapsulation\": true",
        "{\"decapsulate\": {\"address\": \"192.0.2.1\", \"mode\": \"EGRESS\"}}");
  }

  @Test
  void install_conflictingBackend_throws() {
    String other =
        """
        {"vip": {"address": "203.0.113.11", "port": 53, "protocol": "udp",
         "backends": [{"address": "10.0.0.1", "local": true}]}}\
        """;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> setUp(lb -> {}, "", UDP, other))
        .withMessageContaining("backend 10.0.0.1");
  }
}
