package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.TrafficClass;
import dev.katran.VipKey;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.Destination;
import dev.katran.dataplane.DownKey;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.FlowRules;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.dataplane.VipEntry;
import dev.katran.dataplane.VipFlags;
import dev.katran.ffm.net.MacAddress;
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

/** What a trial becomes as a folder to replay. */
class ScenarioFolderTest {

  private static final Limits LIMITS = new Limits(16, 16, 13, 1514, 1 << 16, 1024, 1024);
  private static final DataplaneConfig CONFIG =
      new DataplaneConfig(
          LIMITS,
          /* answerTooBig= */ true,
          GueConfig.NONE.withPort(9886).withSource(Playground.SOURCE_V4),
          TrafficClass.fixed(8),
          /* tcpServerIds= */ true,
          Decapsulation.STRICT,
          ImmutableList.of(),
          new FlowRules(ConfigGenerator.ANY_NUMBER, ConfigGenerator.LONG, ConfigGenerator.LONG));

  private static final VipKey VIP =
      new VipKey(InetAddresses.forString("203.0.113.10"), 443, Protocol.UDP);
  private static final byte[] FRAME = Packet.udp("198.51.100.7", 7000, "203.0.113.10", 443).frame();

  private static final Operation USE_ALL = new Operation.Use(Features.ALL);
  private static final Operation BACKEND = new Operation.PutBackend(2, plain(2));
  private static final Operation RING =
      new Operation.PutRing(5, Slots.maglev(LIMITS, Map.of(2, 3)));
  private static final Operation PUT_VIP = new Operation.PutVip(VIP, new VipEntry(5, 0));
  private static final Operation FEED = new Operation.Feed(FRAME);

  @TempDir Path folder;

  private static BackendEntry plain(int number) {
    return new BackendEntry(Playground.backendAddress(number), Playground.GATEWAY);
  }

  private static <K> TableEdit<K> put(K key, int number) {
    return new TableEdit.Put<>(Map.of(key, number));
  }

  private Set<String> write(Operation... operations) throws IOException {
    return ScenarioFolder.write(
        folder, "small", new Trial(CONFIG, List.of(operations)), JavaDataplane::new);
  }

  private JsonNode written() throws IOException {
    return new JsonMapper().readTree(folder.resolve("scenario.json").toFile());
  }

  /** The steps as they are written, with the other kind of quotation marks. */
  private List<String> steps() throws IOException {
    return written().get("steps").valueStream().map(ScenarioFolderTest::text).toList();
  }

  private static String text(JsonNode node) {
    return node.toString().replace('"', '\'');
  }

  @Test
  void theConfigurationIsThatOfTheTrial() throws IOException {
    assertThat(write(FEED)).isEmpty();

    assertThat(text(written().get("config")))
        .isEqualTo(
            "{'gatewayMac':'00:00:de:ad:be:af','encapsulation':'ipip','tracking':'ALWAYS',"
                + "'maxVips':16,'ringSize':13,'maxPacketSize':1514,'icmpTooBig':true,"
                + "'inlineDecapsulation':true,'strictDecapsulation':true,"
                + "'tcpServerIdRouting':true,'trafficClass':8,'guePort':9886,"
                + "'sourceV4':'10.0.13.37'}");
  }

  @Test
  void everythingThatABalancerCanBeToldIsAStep() throws IOException {
    InetAddress end = Playground.TUNNEL_ENDS.getFirst();
    VipKey prefix =
        new VipKey(InetAddresses.forString("203.0.113.0"), 24, /* port= */ 0, Protocol.TCP);
    int flags = VipFlags.TRACKED | VipFlags.QUIC | VipFlags.UDP_FLOW_MIGRATION;

    Set<String> unexpressed =
        write(
            USE_ALL,
            new Operation.PutBackend(
                2,
                new BackendEntry(
                    Playground.backendAddress(2),
                    Encapsulation.gue(),
                    /* local= */ true,
                    Playground.GATEWAY)),
            RING,
            new Operation.PutVip(VIP, new VipEntry(5, flags)),
            new Operation.PutVip(prefix, new VipEntry(6, VipFlags.SOURCE_ROUTING)),
            new Operation.ServerIds(put(1022, 2)),
            new Operation.SourceRoutes(put(Prefix.of("10.0.0.0/8"), 2)),
            new Operation.TunnelEnds(put(end, 1)),
            new Operation.Down(put(new DownKey(5, 2), 1)),
            FEED);

    assertThat(unexpressed).isEmpty();
    assertThat(steps())
        .containsExactly(
            "{'vip':{'address':'203.0.113.0','port':0,'protocol':'tcp','prefixLength':24,"
                + "'flags':['SOURCE_ROUTING','LRU_BYPASS'],'backends':[]}}",
            "{'vip':{'address':'203.0.113.10','port':443,'protocol':'udp',"
                + "'flags':['QUIC','UDP_FLOW_MIGRATION'],'backends':[{'address':'10.0.0.2',"
                + "'encapsulation':'gue','local':true,'weight':3}]}}",
            "{'serverIds':{'1022':'10.0.0.2'}}",
            "{'sourceRoute':{'prefix':'10.0.0.0/8','backend':'10.0.0.2'}}",
            "{'decapsulate':{'address':'192.0.2.1','mode':'RECIRCULATE'}}",
            "{'down':{'address':'203.0.113.10','port':443,'protocol':'udp',"
                + "'backend':'10.0.0.2'}}",
            "{'packets':'frames-1.tsv'}");
  }

  @Test
  void aRowHasWhatTheRightDataplaneMakesOfTheFrame() throws IOException {
    write(BACKEND, RING, PUT_VIP, FEED);

    String row = Files.readString(folder.resolve("frames-1.tsv")).strip();
    assertThat(List.of(row.split("\t")))
        .hasSize(5)
        .startsWith(
            "1",
            "42 bytes of 0800, IPv4 198.51.100.7 > 203.0.113.10, ihl 5, ttl 60, length 28,"
                + " UDP 7000 > 443",
            "TX",
            Hex.of(FRAME))
        .last()
        .asString()
        .startsWith("0000deadbeaf")
        .endsWith(Hex.of(FRAME).substring(28));
  }

  @Test
  void whatChangesBetweenFramesIsWrittenBetweenThem() throws IOException {
    Operation sameRing = new Operation.PutRing(5, Slots.maglev(LIMITS, Map.of(2, 3)));
    Operation noRing = new Operation.RemoveRing(5);

    assertThat(write(BACKEND, RING, PUT_VIP, FEED, FEED, sameRing, FEED, noRing, FEED)).isEmpty();

    assertThat(steps()).hasSize(5);
    assertThat(steps().subList(1, 3))
        .containsExactly("{'packets':'frames-1.tsv'}", "{'packets':'frames-2.tsv'}");
    assertThat(steps().get(3)).contains("'backends':[]");
    assertThat(Files.readAllLines(folder.resolve("frames-1.tsv"))).hasSize(2);
  }

  @Test
  void flagsForWhichNoProgramWasLoadedAreOff() throws IOException {
    int flags = VipFlags.LOCAL | VipFlags.HASH_BOTH_PORTS;

    write(BACKEND, RING, new Operation.PutVip(VIP, new VipEntry(5, flags)), FEED);

    assertThat(steps().getFirst()).contains("'flags':['HASH_SRC_DST_PORT','LRU_BYPASS']");
  }

  @Test
  void backendsThatOnlyTablesNameAreReachedAsTheConfigurationSays() throws IOException {
    BackendEntry gue =
        new BackendEntry(Playground.backendAddress(2), Encapsulation.gue(), Playground.GATEWAY);

    Set<String> unexpressed =
        write(
            USE_ALL,
            new Operation.PutBackend(2, gue),
            PUT_VIP,
            new Operation.ServerIds(put(7, 2)),
            FEED);

    assertThat(unexpressed).isEmpty();
    assertThat(written().get("config").get("encapsulation").asText()).isEqualTo("gue");
  }

  @Test
  void whatABalancerCannotBeToldIsSaid() throws IOException {
    Hop other = new Hop(MacAddress.parse("02:00:00:00:00:01"), null);
    BackendEntry elsewhere = new BackendEntry(Playground.backendAddress(2), other);
    VipKey second = new VipKey(InetAddresses.forString("203.0.113.11"), 443, Protocol.UDP);

    Set<String> unexpressed =
        write(
            new Operation.PutBackend(2, elsewhere),
            RING,
            PUT_VIP,
            new Operation.PutVip(second, new VipEntry(6, 0)),
            new Operation.Ping(Destination.of(Playground.TUNNEL_ENDS.getFirst()), true),
            FEED,
            new Operation.RemoveVip(second),
            new Operation.RemoveFlows(2, -1),
            new Operation.ReadFlows());

    assertThat(unexpressed)
        .containsExactlyInAnyOrder(
            "backend 10.0.0.2 has a next hop of its own",
            "pings are answered where no VIP is: Destination[address=/192.0.2.1,"
                + " prefixLength=-1]",
            "this is removed: udp 203.0.113.11:443",
            "flows are forgotten: RemoveFlows[backend=2, vip=-1]",
            "flow tables are compared");
  }
}
