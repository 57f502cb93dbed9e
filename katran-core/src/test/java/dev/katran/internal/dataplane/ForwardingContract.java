package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.BALANCER_MAC;
import static dev.katran.packets.Packet.CLIENT_MAC;
import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Hex;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forwarding of packets, ICMP errors and pings for a VIP. */
public abstract class ForwardingContract extends DataplaneContract {

  private static final int IPIP = 4;
  private static final int SIX_IN = 41;
  private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

  @Test
  void ipip_packet_isEncapsulatedUnchanged() {
    serve(tcp("203.0.113.10", 443), 0, NO_FLAGS, 1, "10.0.0.11");
    byte[] packet = Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).payload(3).ip();

    Simulation simulation = dataplane.program().run(Packet.frame(0x0800, packet));

    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(
            "0000deadbeaf" // next hop
                + BALANCER_MAC
                + "0800"
                + "4500003f0000000040045fd9" // 20 + 43 bytes, TTL 64, IPIP
                + "ac1064c7" // 172.16, 100 ^ 0x00, 7 ^ 0xc0
                + "0a00000b"
                + Hex.of(packet));
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
  }

  @ParameterizedTest
  @CsvSource({
    "198.51.100.7,   203.0.113.10,   10.0.0.11, 4,  172.16.187.213",
    "198.51.100.7,   203.0.113.10,   fd00::11,  4,  100::14ec:6407",
    "2001:db8::a1b2, 2001:db8:5::10, fd00::11,  41, 100::d2df:a1b2",
    "2001:db8::a1b2, 2001:db8:5::10, 10.0.0.11, 41, 172.16.126.96",
  })
  void ipip_familyPair_hasExpectedOuterHeader(
      String client, String vip, String backend, int protocol, String outerSource) {
    serve(udp(vip, 53), 0, NO_FLAGS, 1, backend);
    Packet packet = Packet.udp(client, 0xd2df, vip, 53).payload(11);

    Encapsulated sent = forwarded(packet.frame());

    assertThat(sent.inner()).isEqualTo(Hex.of(packet.ip()));
    assertThat(sent.protocol()).isEqualTo(protocol);
    assertThat(sent.ttl()).isEqualTo(64);
    assertThat(sent.rest()).as("id and fragment bits, or flow label").isZero();
    assertThat(sent.checksumVerifies()).isTrue();
    assertThat(sent.source()).isEqualTo(address(outerSource));
    assertThat(sent.destination()).isEqualTo(address(backend));
    assertThat(sent.destinationMac()).isEqualTo("0000deadbeaf");
    assertThat(sent.sourceMac()).isEqualTo(BALANCER_MAC);
  }

  @ParameterizedTest
  @CsvSource({
    "198.51.100.7,   203.0.113.10,   10.0.0.11",
    "198.51.100.7,   203.0.113.10,   fd00::11",
    "2001:db8::a1b2, 2001:db8:5::10, fd00::11",
    "2001:db8::a1b2, 2001:db8:5::10, 10.0.0.11",
  })
  void ipip_trafficClass_isCopiedToOuterHeader(String client, String vip, String backend) {
    serve(tcp(vip, 443), 0, NO_FLAGS, 1, backend);
    for (int trafficClass : new int[] {0, 1, 3, 0x8c, 0xb8, 0xff}) {
      byte[] frame = Packet.tcp(client, 49152, vip, 443).trafficClass(trafficClass).frame();
      assertThat(forwarded(frame).trafficClass()).isEqualTo(trafficClass);
    }
  }

  @Test
  void ipip_paddedFrame_outerLengthFollowsInnerHeader() {
    serveAllFamilies();
    byte[] padded = Arrays.copyOf(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame(), 60);
    byte[] sent = dataplane.program().run(padded).frame();
    assertThat(ByteBuffer.wrap(sent).getShort(NETWORK + 2)).isEqualTo((short) (20 + 40));
    assertThat(sent).hasSize(60 + 20);
  }

  @Test
  void forward_otherEgress_usesItsSourceMac() {
    serveAllFamilies();
    Hop.Egress egress = new Hop.Egress(7, MacAddress.parse("02:00:00:00:00:77"));
    Hop hop = new Hop(MacAddress.parse("02:00:00:00:00:99"), egress);
    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), hop));

    Encapsulated sent = forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());

    assertThat(sent.sourceMac()).isEqualTo("020000000077");
    assertThat(sent.destinationMac()).isEqualTo("020000000099");
  }

  @Test
  void forward_otherPortProtocolOrAddress_passes() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    assertPasses(Packet.tcp(CLIENT4, 443, VIP4, 444).frame());
    assertPasses(Packet.udp(CLIENT4, 443, VIP4, 443).frame());
    assertPasses(Packet.tcp(CLIENT4, 443, "203.0.113.11", 443).frame());
    assertPasses(Packet.tcp(VIP4, 443, CLIENT4, 443).frame());
  }

  @Test
  void forward_ipv4MappedDestination_doesNotMatchIpv4Vip() throws Exception {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, (byte) 203, 0, 113, 10};

    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    System.arraycopy(mapped, 0, frame, NETWORK + 24, 16);
    assertPasses(frame);

    byte[] ping = Packet.echoRequest(CLIENT6, VIP6).frame();
    System.arraycopy(mapped, 0, ping, NETWORK + 24, 16);
    assertPasses(ping);
  }

  @Test
  void forward_exactAndAnyPortVip_exactPortWins() {
    serve(tcp(VIP4, 0), 0, NO_FLAGS, 1, "10.0.0.1");
    serve(tcp(VIP4, 443), 1, NO_FLAGS, 2, "10.0.0.2");

    assertThat(forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame()).destination())
        .isEqualTo(address("10.0.0.2"));
    assertThat(forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 80).frame()).destination())
        .isEqualTo(address("10.0.0.1"));

    dataplane.vips().remove(tcp(VIP4, 443));
    assertThat(forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame()).destination())
        .isEqualTo(address("10.0.0.1"));

    dataplane.vips().remove(tcp(VIP4, 0));
    assertPasses(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
  }

  @Test
  void forward_noRing_drops() {
    dataplane.vips().put(tcp(VIP4, 443), new VipEntry(0, NO_FLAGS));
    assertDrops(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());

    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());

    dataplane.rings().remove(0);
    assertDrops(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
  }

  @Test
  void forward_emptySlot_drops() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    dataplane.rings().put(0, new int[CONFIG.limits().ringSize()]);
    assertDrops(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
  }

  @Test
  void forward_noNextHop_dropsUntilResolved() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();

    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), null));
    assertDrops(frame);

    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), HOP));
    forwarded(frame);

    dataplane.backends().remove(1);
    assertDrops(frame);
  }

  @Test
  void forward_ringReplaced_appliesToNextPacket() {
    serveByMany(tcp(VIP4, 443), 0, NO_FLAGS, 3);
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.fill(slots, 3);
    dataplane.rings().put(0, slots);
    Arrays.fill(slots, 1);

    for (int port = 1024; port < 1100; port++) {
      assertThat(forwarded(Packet.tcp(CLIENT4, port, VIP4, 443).frame()).destination())
          .isEqualTo(address("10.0.0.3"));
    }
  }

  @Test
  void forward_highestVipAndBackendNumber_isCounted() {
    int lastVip = 2 * CONFIG.limits().vips() - 1;
    int lastBackend = 2 * CONFIG.limits().backends();
    serve(tcp(VIP4, 443), lastVip, NO_FLAGS, lastBackend, BACKEND4);

    Packet packet = Packet.tcp(CLIENT4, 49152, VIP4, 443);
    assertThat(forwarded(packet.frame()).destination()).isEqualTo(address(BACKEND4));
    assertThat(
            dataplane
                .counters()
                .read(new Counter.OfVip(lastVip, Counter.VipEvent.FORWARDED))
                .packets())
        .isEqualTo(1);
    assertThat(dataplane.counters().read(new Counter.OfBackend(lastBackend)).packets())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void forward_oversizedFrame_dropsIfForVip(String vip) {
    serve(udp(vip, 443), 0, NO_FLAGS, 1, BACKEND6);
    String client = vip.equals(VIP4) ? CLIENT4 : CLIENT6;
    int headers = Packet.udp(client, 1, vip, 443).frame().length;

    forwarded(Packet.udp(client, 1, vip, 443).payload(1514 - headers).frame());
    assertDrops(Packet.udp(client, 1, vip, 443).payload(1515 - headers).frame());
    assertPasses(Packet.udp(client, 1, vip, 444).payload(1515 - headers).frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 13, 255})
  void icmpError_unreachable_followsItsFlow(int code) {
    serveByMany(tcp(VIP4, 443), 0, NO_FLAGS, 5);
    for (int port = 49152; port < 49200; port++) {
      Encapsulated ofFlow = forwarded(Packet.tcp(CLIENT4, port, VIP4, 443).frame());
      Packet error =
          Packet.icmp("192.0.2.1", VIP4, 3, code)
              .trafficClass(0xc0)
              .payload(Packet.tcp(VIP4, 443, CLIENT4, port).ip());

      Encapsulated sent = forwarded(error.frame());

      assertThat(sent.destination()).isEqualTo(ofFlow.destination());
      assertThat(sent.source()).isEqualTo(ofFlow.source());
      assertThat(sent.protocol()).isEqualTo(IPIP);
      assertThat(sent.trafficClass()).isEqualTo(0xc0);
      assertThat(sent.inner()).isEqualTo(Hex.of(error.ip()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void icmpv6Error_anyType_followsItsFlow(int type) {
    serveByMany(udp(VIP6, 443), 0, NO_FLAGS, 5);
    for (int port = 49152; port < 49200; port++) {
      Encapsulated ofFlow = forwarded(Packet.udp(CLIENT6, port, VIP6, 443).frame());
      Packet error =
          Packet.icmp("2001:db8::1", VIP6, type, 0)
              .trafficClass(0x20)
              .payload(Packet.udp(VIP6, 443, CLIENT6, port).payload(30).ip());

      Encapsulated sent = forwarded(error.frame());

      assertThat(sent.destination()).isEqualTo(ofFlow.destination());
      assertThat(sent.source()).isEqualTo(ofFlow.source());
      assertThat(sent.protocol()).isEqualTo(SIX_IN);
      assertThat(sent.trafficClass()).isEqualTo(0x20);
      assertThat(sent.inner()).isEqualTo(Hex.of(error.ip()));
    }
  }

  @Test
  void icmpError_foreignFlow_passes() {
    serveAllFamilies();
    assertPasses(
        Packet.icmp("192.0.2.1", VIP4, 3, 3)
            .payload(Packet.tcp("203.0.113.99", 443, CLIENT4, 49152).ip())
            .frame());
    assertPasses(
        Packet.icmp("192.0.2.1", VIP4, 3, 3)
            .payload(Packet.tcp(CLIENT4, 49152, VIP4, 443).ip())
            .frame());
  }

  @Test
  void ping_vipAddress_isAnswered() {
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    byte[] request = Packet.echoRequest(CLIENT4, VIP4).ttl(3).frame();

    Simulation simulation = dataplane.program().run(request);

    byte[] reply = Packet.icmp(VIP4, CLIENT4, 0, 0).payload(PING).ttl(64).frame();
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(CLIENT_MAC + BALANCER_MAC + Hex.of(reply).substring(24));
  }

  @Test
  void ping_ipv6VipAddress_isAnswered() {
    dataplane.vips().answerPing(Destination.of(address(VIP6)), true);
    byte[] request = Packet.echoRequest(CLIENT6, VIP6).ttl(3).frame();

    Simulation simulation = dataplane.program().run(request);

    byte[] reply = Packet.icmp(VIP6, CLIENT6, 129, 0).payload(PING).ttl(64).frame();
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(CLIENT_MAC + BALANCER_MAC + Hex.of(reply).substring(24));
  }

  @Test
  void ping_anyTtlAndLength_hasValidChecksums() {
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    for (int ttl = 0; ttl < 256; ttl++) {
      byte[] reply =
          dataplane
              .program()
              .run(Packet.echoRequest(CLIENT4, VIP4).ttl(ttl).payload(ttl).frame())
              .frame();
      ByteBuffer packet = ByteBuffer.wrap(reply).slice(NETWORK, reply.length - NETWORK);
      assertThat(InternetChecksum.verifies(packet.slice(0, 20))).isTrue();
      assertThat(InternetChecksum.verifies(packet.slice(20, packet.limit() - 20))).isTrue();
    }
  }

  @Test
  void ping_otherAddress_passes() {
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    dataplane.vips().answerPing(Destination.of(address(VIP6)), true);
    assertPasses(Packet.echoRequest(CLIENT4, "203.0.113.11").frame());
    assertPasses(Packet.echoRequest(CLIENT6, "2001:db8:5::11").frame());

    dataplane.vips().answerPing(Destination.of(address(VIP4)), false);
    dataplane.vips().answerPing(Destination.of(address(VIP6)), false);
    assertPasses(Packet.echoRequest(CLIENT4, VIP4).frame());
    assertPasses(Packet.echoRequest(CLIENT6, VIP6).frame());
  }
}
