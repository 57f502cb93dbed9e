package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.TrafficClass;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the folders that test cases are written to for replay. */
class ScenarioFolderTest {

  private static final Limits LIMITS =
      Limits.defaults()
          .vips(16)
          .hashSeed(16)
          .backends(16)
          .ringSize(13)
          .flowTableSize(1 << 16)
          .serverIds(1024)
          .sourceRoutes(1024);
  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(LIMITS)
          .with(c -> {
            c.sendPacketTooBig = true;
            c.gue = GueConfig.NONE.withPort(9886).withSource(Universe.SOURCE_V4);
            c.trafficClass = TrafficClass.fixed(8);
            c.tcpServerIds = true;
            c.decapsulation = Decapsulation.STRICT;
            c.flowRules =
                new FlowRules(
                    ConfigGenerator.UNLIMITED, ConfigGenerator.LONG, ConfigGenerator.LONG);
            c.answersPerSecond = ConfigGenerator.UNLIMITED;
          });

  private static final VipKey VIP =
      VipKey.of(Protocol.UDP, InetAddresses.forString("203.0.113.10"), 443);
  private static final byte[] FRAME = Packet.udp("198.51.100.7", 7000, "203.0.113.10", 443).frame();

  private static final Operation USE_ALL_FEATURES = new Operation.UseFeatures(Features.ALL);
  private static final Operation BACKEND = new Operation.PutBackend(2, plain(2));
  private static final Operation RING =
      new Operation.PutRing(5, Slots.maglev(LIMITS, Map.of(2, 3)));
  private static final Operation PUT_VIP = new Operation.PutVip(VIP, new VipEntry(5, 0));
  private static final Operation RUN_FRAME = new Operation.RunFrame(FRAME);

  @TempDir Path folder;

  private static BackendEntry plain(int number) {
    return new BackendEntry(Universe.backendAddress(number), Universe.GATEWAY);
  }

  private static <K> TableEdit<K> put(K key, int number) {
    return new TableEdit.Put<>(Map.of(key, number));
  }

  private Set<String> write(Operation... operations) throws IOException {
    return ScenarioFolder.write(
        folder, "small", new TestCase(CONFIG, List.of(operations)), JavaDataplane::new);
  }

  private JsonNode written() throws IOException {
    return new JsonMapper().readTree(folder.resolve("scenario.json").toFile());
  }

  /** Returns the written steps, with single quotes. */
  private List<String> steps() throws IOException {
    return written().get("steps").valueStream().map(ScenarioFolderTest::text).toList();
  }

  private static String text(JsonNode node) {
    return node.toString().replace('"', '\'');
  }

  @Test
  void write_anyTestCase_writesItsConfiguration() throws IOException {
    assertThat(write(RUN_FRAME)).isEmpty();

    assertThat(text(written().get("config")))
        .isEqualTo(
            "{'gatewayMac':'00:00:de:ad:be:af','forwarding':'ipip','tracking':'ALWAYS',"
                + "'maxVips':16,'ringSize':13,'maxPacketSize':1514,'icmpTooBig':true,"
                + "'inlineDecapsulation':true,'strictDecapsulation':true,"
                + "'tcpServerIdRouting':true,'trafficClass':8,'guePort':9886,"
                + "'sourceV4':'10.0.13.37'}");
  }

  @Test
  void write_supportedState_writesAStepForEach() throws IOException {
    InetAddress endpoint = Universe.TUNNEL_ENDPOINTS.getFirst();
    VipKey prefix = VipKey.tcp("203.0.113.0/24");
    int flags = VipFlags.TRACKED | VipFlags.QUIC | VipFlags.UDP_FLOW_MIGRATION;

    Set<String> unsupported =
        write(
            USE_ALL_FEATURES,
            new Operation.PutBackend(
                2,
                new BackendEntry(
                    Universe.backendAddress(2),
                    Forwarding.gue(),
                    /* local= */ true,
                    Universe.GATEWAY)),
            RING,
            new Operation.PutVip(VIP, new VipEntry(5, flags)),
            new Operation.PutVip(prefix, new VipEntry(6, VipFlags.SOURCE_ROUTING)),
            new Operation.ServerIds(put(1022, 2)),
            new Operation.SourceRoutes(put(Prefix.of("10.0.0.0/8"), 2)),
            new Operation.TunnelEndpoints(put(endpoint, 1)),
            new Operation.DownBackends(put(new DownKey(5, 2), 1)),
            RUN_FRAME);

    assertThat(unsupported).isEmpty();
    assertThat(steps())
        .containsExactly(
            "{'vip':{'address':'203.0.113.0','port':0,'protocol':'tcp','prefixLength':24,"
                + "'flags':['SOURCE_ROUTING','LRU_BYPASS'],'backends':[]}}",
            "{'vip':{'address':'203.0.113.10','port':443,'protocol':'udp',"
                + "'flags':['QUIC','UDP_FLOW_MIGRATION'],'backends':[{'address':'10.0.0.2',"
                + "'forwarding':'gue','local':true,'weight':3}]}}",
            "{'serverIds':{'1022':'10.0.0.2'}}",
            "{'sourceRoute':{'prefix':'10.0.0.0/8','backend':'10.0.0.2'}}",
            "{'decapsulate':{'address':'192.0.2.1','mode':'RECIRCULATE'}}",
            "{'down':{'address':'203.0.113.10','port':443,'protocol':'udp',"
                + "'backend':'10.0.0.2'}}",
            "{'packets':'frames-1.tsv'}");
  }

  @Test
  void write_frame_writesOutcomeOfReferenceDataplane() throws IOException {
    write(BACKEND, RING, PUT_VIP, RUN_FRAME);

    String row = Files.readString(folder.resolve("frames-1.tsv")).strip();
    assertThat(List.of(row.split("\t")))
        .hasSize(5)
        .startsWith(
            "1",
            "42 bytes, ethertype 0800, IPv4 198.51.100.7 > 203.0.113.10, ihl 5, ttl 60, length 28,"
                + " UDP 7000 > 443",
            "TX",
            Hex.of(FRAME))
        .last()
        .asString()
        .startsWith("0000deadbeaf")
        .endsWith(Hex.of(FRAME).substring(28));
  }

  @Test
  void write_changesBetweenFrames_writesStepsBetweenTables() throws IOException {
    Operation sameRing = new Operation.PutRing(5, Slots.maglev(LIMITS, Map.of(2, 3)));
    Operation noRing = new Operation.RemoveRing(5);

    assertThat(
            write(
                BACKEND, RING, PUT_VIP, RUN_FRAME, RUN_FRAME, sameRing, RUN_FRAME, noRing,
                RUN_FRAME))
        .isEmpty();

    assertThat(steps()).hasSize(5);
    assertThat(steps().subList(1, 3))
        .containsExactly("{'packets':'frames-1.tsv'}", "{'packets':'frames-2.tsv'}");
    assertThat(steps().get(3)).contains("'backends':[]");
    assertThat(Files.readAllLines(folder.resolve("frames-1.tsv"))).hasSize(2);
  }

  @Test
  void write_flagsOfUnloadedFeatures_omitsThem() throws IOException {
    int flags = VipFlags.LOCAL | VipFlags.HASH_BOTH_PORTS;

    write(BACKEND, RING, new Operation.PutVip(VIP, new VipEntry(5, flags)), RUN_FRAME);

    assertThat(steps().getFirst()).contains("'flags':['HASH_SRC_DST_PORT','LRU_BYPASS']");
  }

  @Test
  void write_gueBackendInTableOnly_setsDefaultEncapsulation() throws IOException {
    BackendEntry gue =
        new BackendEntry(Universe.backendAddress(2), Forwarding.gue(), Universe.GATEWAY);

    Set<String> unsupported =
        write(
            USE_ALL_FEATURES,
            new Operation.PutBackend(2, gue),
            PUT_VIP,
            new Operation.ServerIds(put(7, 2)),
            RUN_FRAME);

    assertThat(unsupported).isEmpty();
    assertThat(written().get("config").get("forwarding").asText()).isEqualTo("gue");
  }

  @Test
  void write_unsupportedState_returnsDescriptions() throws IOException {
    Hop other = new Hop(MacAddress.parse("02:00:00:00:00:01"), null);
    BackendEntry elsewhere = new BackendEntry(Universe.backendAddress(2), other);
    VipKey second = VipKey.of(Protocol.UDP, InetAddresses.forString("203.0.113.11"), 443);

    Set<String> unsupported =
        write(
            new Operation.PutBackend(2, elsewhere),
            RING,
            PUT_VIP,
            new Operation.PutVip(second, new VipEntry(6, 0)),
            new Operation.AnswerPings(Destination.of(Universe.TUNNEL_ENDPOINTS.getFirst()), true),
            RUN_FRAME,
            new Operation.RemoveVip(second),
            new Operation.RemoveFlows(2, -1),
            new Operation.ReadFlows());

    assertThat(unsupported)
        .containsExactlyInAnyOrder(
            "backend 10.0.0.2 has a next hop other than the gateway",
            "pings are answered for an address without a VIP: Destination[address=/192.0.2.1,"
                + " prefixLength=-1]",
            "removed: udp 203.0.113.11:443",
            "flows are removed: RemoveFlows[backend=2, vip=-1]",
            "flow tables are compared");
  }
}
