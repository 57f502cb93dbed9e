package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import dev.katran.internal.configuration.Json;
import dev.katran.internal.configuration.TableJson;
import dev.katran.internal.configuration.VipJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationJsonTest {

  private static final Backend ONE = Backend.of("10.0.0.11");
  private static final Backend TWO =
      Backend.of("10.0.0.12").weight(2).draining(true).via(Forwarding.gue()).local(true);
  private static final Backend V6 = Backend.of("fc00::5").weight(0);
  private static final Vip PLAIN = Vip.tcp("203.0.113.10", 443).backends(ONE, V6).build();
  private static final Vip DEFAULT = Vip.udp("203.0.113.9", 53).build();
  private static final Vip FULL =
      Vip.udp("2001:db8::10", 443)
          .backends(TWO, ONE)
          .hashing(Hashing.DESTINATION_PORT_UNIFORM)
          .algorithm(RingAlgorithm.MAGLEV)
          .tracking(Tracking.ALWAYS)
          .idleTime(Duration.ofMinutes(5))
          .changeWindow(Duration.ofMillis(61_500))
          .quic(true)
          .udpStableRouting(true)
          .udpFlowMigration(true)
          .sourceRouting(true)
          .localDelivery(true)
          .build();
  private static final Vip REWRITING =
      Vip.tcp("203.0.113.10", 8443)
          .backends(
              ONE.port(8080),
              Backend.of("10.0.0.11").port(8081).weight(3),
              Backend.of("10.0.0.19"),
              Backend.of("10.0.0.20").via(Forwarding.ipip()))
          .forwarding(Forwarding.rewrite())
          .build();
  private static final Vip PREFIX = Vip.tcp("2001:db8:1::/48").build();

  private static final Configuration WHOLE =
      Configuration.builder()
          .vips(FULL, PLAIN, PREFIX, REWRITING, DEFAULT)
          .serverIds(Map.of(2147483647, TWO, 7, V6))
          .sourceRoutes(
              Map.of(Prefix.of("198.51.100.0/24"), V6, Prefix.of("::/0"), Backend.of("10.0.0.9")))
          .tunnelEndpoints(
              Map.of(
                  InetAddresses.forString("2001:db8::99"), TunnelEndpoint.EGRESS,
                  InetAddresses.forString("203.0.113.99"), TunnelEndpoint.RECIRCULATE))
          .downBackends(Map.of(FULL.key(), Set.of(TWO.key(), ONE.key())))
          .watch(PLAIN.key())
          .build();

  private static final String TEXT =
      """
      {
        "version": 1,
        "vips": [
          {"key": "udp 203.0.113.9:53"},
          {"key": "tcp 203.0.113.10:443", "backends": [{"address": "10.0.0.11"}, {"address": "fc00::5", "weight": 0}]},
          {"key": "tcp 203.0.113.10:8443", "backends": [{"address": "10.0.0.11", "port": 8080}, {"address": "10.0.0.11", "port": 8081, "weight": 3}, {"address": "10.0.0.19"}, {"address": "10.0.0.20", "forwarding": "IPIP"}], "forwarding": "REWRITE"},
          {"key": "udp [2001:db8::10]:443", "backends": [{"address": "10.0.0.12", "weight": 2, "draining": true, "forwarding": "GUE", "local": true}, {"address": "10.0.0.11"}], "hashing": "DESTINATION_PORT_UNIFORM", "algorithm": "MAGLEV", "tracking": "ALWAYS", "idleTime": "PT5M", "changeWindow": "PT1M1.5S", "quic": true, "udpStableRouting": true, "udpFlowMigration": true, "sourceRouting": true, "localDelivery": true},
          {"key": "tcp [2001:db8:1::/48]:*"}
        ],
        "serverIds": [
          {"id": 7, "backend": {"address": "fc00::5", "weight": 0}},
          {"id": 2147483647, "backend": {"address": "10.0.0.12", "weight": 2, "draining": true, "forwarding": "GUE", "local": true}}
        ],
        "sourceRoutes": [
          {"prefix": "198.51.100.0/24", "backend": {"address": "fc00::5", "weight": 0}},
          {"prefix": "::/0", "backend": {"address": "10.0.0.9"}}
        ],
        "tunnelEndpoints": [
          {"address": "203.0.113.99", "action": "RECIRCULATE"},
          {"address": "2001:db8::99", "action": "EGRESS"}
        ],
        "downBackends": [
          {"vip": "udp [2001:db8::10]:443", "backend": "10.0.0.11"},
          {"vip": "udp [2001:db8::10]:443", "backend": "10.0.0.12"}
        ],
        "watched": "tcp 203.0.113.10:443"
      }\
      """;

  @Test
  void toJson_everything_hasALineForEachEntryAndNoDefaults() {
    assertThat(WHOLE.toJson()).isEqualTo(TEXT);
  }

  @Test
  void toJson_empty_isTheVersion() {
    assertThat(Configuration.of().toJson()).isEqualTo("{\n  \"version\": 1\n}");
  }

  @Test
  void toJson_otherOrder_isTheSameText() {
    assertThat(WHOLE.toBuilder().vips(PREFIX, DEFAULT, FULL, REWRITING, PLAIN).build().toJson())
        .isEqualTo(TEXT);
  }

  @Test
  void fromJson_everything_isTheConfiguration() {
    assertThat(Configuration.fromJson(TEXT)).isEqualTo(WHOLE);
    assertThat(Configuration.fromJson(Configuration.of().toJson())).isEqualTo(Configuration.of());
  }

  @Test
  void fromJson_otherOrderOfFields_isTheConfiguration() {
    String text =
        """
        {"watched": "tcp 203.0.113.10:443",
         "downBackends": [{"backend": "10.0.0.11", "vip": "tcp 203.0.113.10:443"}],
         "serverIds": [{"backend": {"weight": 3, "address": "10.0.0.11"}, "id": 1}],
         "vips": [{"quic": false, "backends": [{"local": false, "weight": 1, "address": "10.0.0.11"}],
                   "changeWindow": "PT60S", "key": "tcp 203.0.113.10:443"}],
         "version": 1}
        """;
    Vip vip =
        Vip.tcp("203.0.113.10", 443).backends(ONE).changeWindow(Duration.ofMinutes(1)).build();
    assertThat(Configuration.fromJson(text))
        .isEqualTo(
            Configuration.builder()
                .vips(vip)
                .serverIds(Map.of(1, ONE.weight(3)))
                .downBackends(Map.of(vip.key(), Set.of(ONE.key())))
                .watch(vip.key())
                .build());
  }

  /** The example names every field, and is a configuration that can be read. */
  @Test
  void fromJson_exampleOfTheDocumentation_hasEveryOption() throws IOException {
    String source = Files.readString(Path.of("src/main/java/dev/katran/Configuration.java"));
    String example =
        source.substring(source.indexOf("<pre>{@code") + 11, source.indexOf("}</pre>"));
    Configuration documented = Configuration.fromJson(example.replace("\n *", "\n"));

    assertThat(documented.serverIds()).hasSize(1);
    assertThat(documented.sourceRoutes()).hasSize(1);
    assertThat(documented.tunnelEndpoints()).hasSize(1);
    assertThat(documented.downBackends()).hasSize(1);
    assertThat(documented.watched()).isPresent();
    assertThat(Stream.of(Options.ofVip(), Options.ofBackend()).flatMap(List::stream))
        .map(Options.Option::accessor)
        .allSatisfy(option -> assertThat(example).contains("\"" + option + "\": "));
  }

  @Test
  void options_areAllCovered() {
    Options.assertComplete();
    Options.assertCovers(
        Configuration.class,
        Set.of("vips", "serverIds", "sourceRoutes", "tunnelEndpoints", "downBackends", "watched"),
        Set.of("toBuilder", "toJson", "fingerprint"));
  }

  static List<Options.Option<Vip>> vipOptions() {
    return Options.ofVip();
  }

  /** Fails for an option that JSON does not have. */
  @ParameterizedTest
  @MethodSource("vipOptions")
  void vip_optionSet_isWrittenAndReadBack(Options.Option<Vip> option) {
    Vip vip = Vip.udp("203.0.113.10", 443).backends(ONE).build();
    Vip changed = option.change().apply(vip);
    assertThat(changed).isNotEqualTo(vip);
    String json = Configuration.of(changed).toJson();
    assertThat(json).contains("\"%s\": ".formatted(option.accessor()));
    assertThat(Configuration.fromJson(json).vips()).containsExactly(changed);
  }

  static List<Options.Option<Backend>> backendOptions() {
    return Options.ofBackend();
  }

  /** Fails for an option that JSON does not have. */
  @ParameterizedTest
  @MethodSource("backendOptions")
  void backend_optionSet_isWrittenAndReadBack(Options.Option<Backend> option) {
    Backend changed = option.change().apply(ONE);
    assertThat(changed).isNotEqualTo(ONE);
    Configuration configuration =
        Configuration.of(Vip.udp("203.0.113.10", 443).backends(changed).build());
    assertThat(configuration.toJson()).isNotEqualTo(Configuration.of(PLAIN).toJson());
    assertThat(Configuration.fromJson(configuration.toJson())).isEqualTo(configuration);
  }

  @Test
  void constants_all_areWrittenAndReadBack() {
    Vip vip = Vip.udp("203.0.113.10", 443).backends(ONE).build();
    Stream<Vip> vips =
        Stream.of(
                Arrays.stream(Hashing.values()).map(each -> vip.toBuilder().hashing(each)),
                Arrays.stream(RingAlgorithm.values()).map(each -> vip.toBuilder().algorithm(each)),
                Arrays.stream(Tracking.values()).map(each -> vip.toBuilder().tracking(each)))
            .flatMap(each -> each)
            .map(Vip.Builder::build);
    Stream<Vip> encapsulated =
        Arrays.stream(Forwarding.class.getPermittedSubclasses())
            .map(each -> (Forwarding) each.getEnumConstants()[0])
            .map(each -> vip.with(ONE.via(each)));
    assertThat(Stream.concat(vips, encapsulated))
        .hasSizeGreaterThan(12)
        .allSatisfy(each ->
            assertThat(Configuration.fromJson(Configuration.of(each).toJson()).vips())
                .containsExactly(each));
    assertThat(TunnelEndpoint.values())
        .allSatisfy(each -> {
          Configuration configuration =
              Configuration.builder()
                  .tunnelEndpoints(Map.of(InetAddresses.forString("203.0.113.99"), each))
                  .build();
          assertThat(Configuration.fromJson(configuration.toJson())).isEqualTo(configuration);
        });
  }

  @Test
  void fromJson_ofRandomConfigurations_isExact() {
    Random random = new Random(15);
    for (int i = 0; i < 300; i++) {
      Configuration configuration = RandomConfigurations.next(random);
      String json = configuration.toJson();
      assertThat(Configuration.fromJson(json)).as(json).isEqualTo(configuration);
      assertThat(Configuration.fromJson(json).toJson()).isEqualTo(json);
    }
  }

  @Test
  void singleParts_compact_areReadBack() {
    String vip = Json.compact(to -> VipJson.write(to, FULL));
    assertThat(vip).doesNotContain("\n", ": ").startsWith("{\"key\":\"udp [2001:db8::10]:443\",");
    assertThat(Json.readObject(vip, VipJson::readVip)).isEqualTo(FULL);

    String id = Json.compact(to -> TableJson.writeServerId(to, 7, TWO));
    assertThat(Json.readObject(id, TableJson::readServerId)).isEqualTo(Map.entry(7, TWO));
    Prefix clients = Prefix.of("198.51.100.0/24");
    String route = Json.compact(to -> TableJson.writeSourceRoute(to, clients, V6));
    assertThat(Json.readObject(route, TableJson::readSourceRoute))
        .isEqualTo(Map.entry(clients, V6));
    String end =
        Json.compact(
            to -> TableJson.writeTunnelEndpoint(to, ONE.address(), TunnelEndpoint.RECIRCULATE));
    assertThat(end).isEqualTo("{\"address\":\"10.0.0.11\",\"action\":\"RECIRCULATE\"}");
    assertThat(Json.readObject(end, TableJson::readTunnelEndpoint))
        .isEqualTo(Map.entry(ONE.address(), TunnelEndpoint.RECIRCULATE));
  }

  private static Arguments refused(String json, String message) {
    return Arguments.of(json, message);
  }

  private static Arguments vip(String fields, String message) {
    return refused(
        "{'version': 1, 'vips': [{'key': 'tcp 203.0.113.1:80'}, {'key': 'udp 203.0.113.2:53'%s}]}"
            .formatted(fields.isEmpty() ? "" : ", " + fields),
        message);
  }

  private static Arguments backend(String fields, String message) {
    return vip("'backends': [{'address': '10.0.0.1'}, {%s}]".formatted(fields), message);
  }

  private static Arguments part(String field, String message) {
    return refused("{'version': 1, %s}".formatted(field), message);
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        refused("", "$: is empty"),
        refused("  ", "$: is empty"),
        refused("[]", "$: must be an object, but is an array"),
        refused("7", "$: must be an object, but is 7"),
        refused("null", "$: must be an object, but is null"),
        refused("{}", "$: has no field \"version\", which is required"),
        refused("{'vips': []}", "$: has no field \"version\", which is required"),
        refused("{'version': 2, 'new': 1}", "$.version: must be 1, but is 2"),
        refused("{'new': 1, 'version': 2}", "$.version: must be 1, but is 2"),
        refused("{'version': '1'}", "$.version: must be 1, but is \"1\""),
        refused("{'version': 1.0}", "$.version: must be 1, but is 1.0"),
        refused("{'version': [1]}", "$.version: must be 1, but is an array"),
        refused("{'version': 1, 'version': 1}", "$.version: is there twice"),
        part("'vips': [], 'vips': []", "$.vips: is there twice"),
        part(
            "'vip': []",
            "$.vip: unknown field; known are version, vips, serverIds, sourceRoutes, tunnelEndpoints, downBackends, watched"),
        part("'a b\\\"': {}", "$[\"a b\\\"\"]: unknown field; known are version, "),
        part("'vips': {}", "$.vips: must be an array, but is an object"),
        part("'vips': null", "$.vips: must be an array, but is null"),
        part("'vips': ['tcp 203.0.113.1:80']", "$.vips[0]: must be an object, but is \"tcp 203"),
        part("'vips': [{}]", "$.vips[0]: has no field \"key\", which is required"),
        part("'vips': [{'key': 5}]", "$.vips[0].key: must be a string, but is 5"),
        part("'vips': [{'key': null}]", "$.vips[0].key: must be a string, but is null"),
        part(
            "'vips': [{'key': 'tcp example.org:80'}]",
            "$.vips[0].key: VIP \"example.org\" is not an IPv4 or IPv6 address literal; names are not looked up"),
        part(
            "'vips': [{'key': 'sctp 203.0.113.1:80'}]",
            "$.vips[0].key: VIP key \"sctp 203.0.113.1:80\" is not of the form "),
        part(
            "'vips': [{'key': 'tcp 203.0.113.1:0'}]",
            "$.vips[0].key: VIP port 0 of 203.0.113.1 is not in 1..65535"),
        part(
            "'vips': [{'key': 'tcp 203.0.113.1:80'}, {'key': 'tcp 203.0.113.1:80'}]",
            "$.vips[1].key: duplicate VIP tcp 203.0.113.1:80"),
        vip("'key': 'udp 203.0.113.2:53'", "$.vips[1].key: is there twice"),
        vip(
            "'port': 53",
            "$.vips[1].port: unknown field; known are key, backends, forwarding, hashing, "),
        vip(
            "'hashing': 'NONE'",
            "$.vips[1].hashing: \"NONE\" is not one of [FLOW, SOURCE_ADDRESS, "),
        vip("'hashing': true", "$.vips[1].hashing: must be a string, but is true"),
        vip("'algorithm': 'maglev'", "$.vips[1].algorithm: \"maglev\" is not one of [MAGLEV, "),
        vip("'tracking': ''", "$.vips[1].tracking: \"\" is not one of [NONE, ADAPTIVE, ALWAYS]"),
        vip(
            "'idleTime': '5 minutes'",
            "$.vips[1].idleTime: \"5 minutes\" is not a duration such as \"PT1M30S\""),
        vip("'idleTime': 300", "$.vips[1].idleTime: must be a string, but is 300"),
        vip(
            "'idleTime': 'PT0S'",
            "$.vips[1].idleTime: udp 203.0.113.2:53: idle time PT0S is not in PT1S..PT24H"),
        vip(
            "'changeWindow': 'P2D'",
            "$.vips[1].changeWindow: udp 203.0.113.2:53: change window PT48H is not in "),
        vip("'quic': 1", "$.vips[1].quic: must be true or false, but is 1"),
        vip("'quic': 'true'", "$.vips[1].quic: must be true or false, but is \"true\""),
        vip("'quic': null", "$.vips[1].quic: must be true or false, but is null"),
        part(
            "'vips': [{'key': 'tcp 203.0.113.1:80', 'quic': true}]",
            "$.vips[0]: tcp 203.0.113.1:80: quic needs UDP"),
        vip("'backends': {}", "$.vips[1].backends: must be an array, but is an object"),
        vip("'backends': [null]", "$.vips[1].backends[0]: must be an object, but is null"),
        vip(
            "'backends': [{'address': '10.0.0.1'}, {'address': '10.0.0.1', 'weight': 2}]",
            "$.vips[1].backends[1].address: duplicate backend 10.0.0.1"),
        backend("", "$.vips[1].backends[1]: has no field \"address\", which is required"),
        backend(
            "'address': 'localhost'",
            "$.vips[1].backends[1].address: backend \"localhost\" is not an IPv4 or IPv6 address literal; names are not looked up"),
        backend(
            "'address': 'fe80::1%eth0'",
            "$.vips[1].backends[1].address: backend \"fe80::1%eth0\" has a zone"),
        backend(
            "'address': '127.0.0.1'",
            "$.vips[1].backends[1].address: backend 127.0.0.1 is a loopback address"),
        backend("'adress': '10.0.0.2'", "$.vips[1].backends[1].adress: unknown field; known are "),
        backend(
            "'weight': -5, 'address': '10.0.0.2'",
            "$.vips[1].backends[1].weight: weight -5 of backend 10.0.0.2 is not in 0..1000000"),
        backend(
            "'address': '10.0.0.2', 'weight': '2'",
            "$.vips[1].backends[1].weight: must be a whole number, but is \"2\""),
        backend(
            "'address': '10.0.0.2', 'weight': 2.0",
            "$.vips[1].backends[1].weight: must be a whole number of 32 bits, but is 2.0"),
        backend(
            "'address': '10.0.0.2', 'weight': 99999999999",
            "$.vips[1].backends[1].weight: must be a whole number of 32 bits, but is 99999999999"),
        backend(
            "'address': '10.0.0.2', 'draining': 'yes'",
            "$.vips[1].backends[1].draining: must be true or false, but is \"yes\""),
        backend(
            "'address': '10.0.0.2', 'forwarding': 'VXLAN'",
            "$.vips[1].backends[1].forwarding: \"VXLAN\" is not one of [IPIP, GUE, REWRITE, DIRECT]"),
        part(
            "'serverIds': [{'id': 0, 'backend': {'address': '10.0.0.1'}}]",
            "$.serverIds[0].id: server id 0 is not in 1..2147483647"),
        part(
            "'serverIds': [{'id': 7, 'backend': {'address': '10.0.0.1'}}, {'id': 7, 'backend': {'address': '10.0.0.2'}}]",
            "$.serverIds[1].id: duplicate server id 7"),
        part("'serverIds': [{'id': 7}]", "$.serverIds[0]: has no field \"backend\""),
        part(
            "'serverIds': [{'id': 7, 'backend': '10.0.0.1'}]",
            "$.serverIds[0].backend: must be an object, but is \"10.0.0.1\""),
        part(
            "'serverIds': [{'id': 7, 'backend': {'address': '10.0.0.1', 'ports': 1}}]",
            "$.serverIds[0].backend.ports: unknown field; known are address, port, "),
        part(
            "'serverIds': [{'id': 7, 'backend': {'address': '10.0.0.1', 'port': 1}}]",
            "$.serverIds[0].backend: table: backend 10.0.0.1:1 has a port of its own, which needs REWRITE, but is via IPIP"),
        part(
            "'serverIds': [{'id': 7, 'backend': {'address': '10.0.0.1', 'port': 65536}}]",
            "$.serverIds[0].backend.port: port of backend 10.0.0.1 65536 is not in 0..65535"),
        vip(
            "'backends': [{'address': '10.0.0.1', 'port': '53'}]",
            "$.vips[1].backends[0].port: must be a whole number, but is \"53\""),
        vip(
            "'forwarding': 'rewrite'",
            "$.vips[1].forwarding: \"rewrite\" is not one of [IPIP, GUE, REWRITE, DIRECT]"),
        vip(
            "'forwarding': 'REWRITE', 'backends': [{'address': 'fc00::1'}]",
            "$.vips[1]: udp 203.0.113.2:53: backend fc00::1 is via REWRITE, which needs a backend of the VIP's family"),
        vip(
            "'forwarding': 'REWRITE', 'backends': [{'address': '10.0.0.1'}]}, {'key': 'udp 203.0.113.3:53', 'forwarding': 'REWRITE', 'backends': [{'address': '10.0.0.1'}]",
            "$: udp 203.0.113.3:53: backend 10.0.0.1:53 is via REWRITE, and so is 10.0.0.1:53 of udp 203.0.113.2:53: "),
        part(
            "'sourceRoutes': [{'prefix': '198.51.100.7/24', 'backend': {'address': '10.0.0.1'}}]",
            "$.sourceRoutes[0].prefix: prefix 198.51.100.7/24 has bits beyond its length"),
        part(
            "'sourceRoutes': [{'prefix': '10.0.0.0/8', 'backend': {'address': '10.0.0.1'}}, {'prefix': '10.0.0.0/8', 'backend': {'address': '10.0.0.1'}}]",
            "$.sourceRoutes[1].prefix: duplicate source route 10.0.0.0/8"),
        part(
            "'tunnelEndpoints': [{'address': '10.0.0.1', 'action': 'DROP'}]",
            "$.tunnelEndpoints[0].action: \"DROP\" is not one of [RECIRCULATE, EGRESS]"),
        part(
            "'tunnelEndpoints': [{'address': 'ff02::1', 'action': 'EGRESS'}]",
            "$.tunnelEndpoints[0].address: tunnel endpoint ff02::1 is a multicast address"),
        part(
            "'tunnelEndpoints': [{'address': 'FC00::1', 'action': 'EGRESS'}, {'address': 'fc00::1', 'action': 'EGRESS'}]",
            "$.tunnelEndpoints[1].address: duplicate tunnel endpoint fc00::1"),
        part(
            "'downBackends': [{'vip': 'udp 203.0.113.2:53', 'backend': '10.0.0.1'}]",
            "$.downBackends[0].vip: udp 203.0.113.2:53 is not a VIP of the configuration"),
        vip(
            "'quic': true}], 'downBackends': [{'vip': 'udp 203.0.113.2:53', 'backend': '10.0.0.1'",
            "$.downBackends[0].backend: no VIP and no table has the backend 10.0.0.1"),
        vip(
            "'backends': [{'address': '10.0.0.1'}]}], 'downBackends': [{'vip': 'udp 203.0.113.2:53', 'backend': '10.0.0.1'}, {'vip': 'udp 203.0.113.2:53', 'backend': '10.0.0.1'",
            "$.downBackends[1]: duplicate mark of 10.0.0.1 for udp 203.0.113.2:53"),
        part("'watched': true", "$.watched: must be a string, but is true"),
        part("'watched': 'tcp'", "$.watched: VIP key \"tcp\" is not of the form "),
        part(
            "'watched': 'tcp 203.0.113.1:80'",
            "$.watched: tcp 203.0.113.1:80 is not a VIP of the configuration"),
        vip(
            "'backends': [{'address': '10.0.0.1'}]}], 'serverIds': [{'id': 1, 'backend': {'address': '10.0.0.1', 'forwarding': 'GUE'}",
            "$: backend 10.0.0.1 is via GUE for server id 1, but via IPIP for another VIP or table"),
        refused("{'version': 1} {}", "$: is followed by {"),
        refused("{'version':", "$: is not JSON at line 1, column "),
        refused("{'version': 1, 'vips': [{'key'", "$: is not JSON at line 1, column "),
        refused("{'version': 1", "$: is not JSON at line 1, column 14: "),
        refused("{'version': 1,\n 'vips': [}", "$: is not JSON at line 2, column 11: "),
        refused("{'version': 1, 'vips': [NaN]}", "$: is not JSON at line 1, column "),
        refused("{'version': 01}", "$: is not JSON at line 1, column "),
        refused("{'version': 1} // why", "$: is not JSON at line 1, column "));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void fromJson_illegal_isRefusedWithPathAndValue(String json, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.fromJson(json.replace('\'', '"')))
        .withMessageStartingWith(message);
  }

  @Test
  void fromJson_deeplyNested_isRefused() {
    String json = "{\"version\": 1, \"vips\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.fromJson(json))
        .withMessageStartingWith("$: is not JSON: Document nesting depth ");
  }
}
