package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.BALANCER_MAC;
import static dev.katran.packets.Packet.CLIENT_MAC;
import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Forwarding;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Hex;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Backends that packets are rewritten to, or delivered to directly. The expected packets are built
 * anew, with checksums that are computed over the whole packet.
 */
public abstract class RewriteContract extends DataplaneContract {

  private static final Features REWRITES = new Features(0, false, false, false, true, false);
  private static final Features DIRECTS = new Features(0, false, false, false, false, true);
  private static final String NEXT_HOP_MAC = "0000deadbeaf";
  private static final int CHECKSUM_V4 = NETWORK + 10;

  private void serve(VipKey key, String backend, int port, Forwarding forwarding) {
    dataplane.program().use(forwarding instanceof Forwarding.Rewrite ? REWRITES : DIRECTS);
    serve(key, 0, NO_FLAGS, 1, backend);
    dataplane
        .backends()
        .put(1, new BackendEntry(address(backend), port, forwarding, /* local= */ false, HOP));
  }

  private void rewriteTo(VipKey key, String backend, int port) {
    serve(key, backend, port, Forwarding.rewrite());
  }

  private void assertSent(byte[] frame, byte[] expectedIp) {
    Simulation simulation = dataplane.program().run(frame);
    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(NEXT_HOP_MAC + BALANCER_MAC + etherType(frame) + Hex.of(expectedIp));
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    assertThat(
            dataplane.counters().read(new Counter.OfVip(0, Counter.VipEvent.FORWARDED)).packets())
        .isOne();
    assertThat(dataplane.counters().read(Counter.Total.TX)).isEqualTo(new Count(1, frame.length));
  }

  private static String etherType(byte[] frame) {
    return Hex.of(frame).substring(24, 28);
  }

  /**
   * Computed by hand, from RFC 791, RFC 793 and RFC 1071. The sum of the TCP pseudo header and
   * header is c633 + 6407 + 0a00 + 000b + 0006 + 0014 + c000 + 1f90 + 5010 + 2000 = 283ff, folded
   * 8401, and its complement 7bfe. That of the IP header without the checksum is 4500 + 0028 + 1234
   * + 4000 + 3b06 + c633 + 6407 + 0a00 + 000b = 206a7, folded 06a9, and its complement f956.
   */
  @Test
  void rewrite_tcpSegment_becomesThePacketComputedByHand() {
    rewriteTo(tcp("203.0.113.10", 443), "10.0.0.11", 8080);
    byte[] frame = Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).frame();

    Simulation simulation = dataplane.program().run(frame);

    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(
            NEXT_HOP_MAC
                + BALANCER_MAC
                + "0800"
                + "45000028123440003b06f956" // TTL 59
                + "c6336407"
                + "0a00000b"
                + "c0001f90" // 49152, 8080
                + "0000000000000000"
                + "501020007bfe0000");
  }

  @ParameterizedTest
  @CsvSource({
    "198.51.100.7,  203.0.113.10,   10.0.0.11,   8080",
    "198.51.100.7,  203.0.113.10,   10.0.0.11,   443",
    "198.51.100.7,  203.0.113.10,   10.0.0.11,   0",
    "198.51.100.7,  203.0.113.10,   255.255.255.254, 65535",
    "2001:db8::a1b2, 2001:db8:5::10, fd00::11,   8080",
    "2001:db8::a1b2, 2001:db8:5::10, fd00::11,   0",
    "2001:db8::a1b2, 2001:db8:5::10, ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe, 65535",
  })
  void rewrite_packet_equalsOneSentToTheBackend(
      String client, String vip, String backend, int port) {
    int newPort = port == 0 ? 443 : port;
    rewriteTo(tcp(vip, 443), backend, port);
    Packet segment = Packet.tcp(client, 49152, vip, 443).trafficClass(0x8b).payload(101);
    assertSent(
        segment.frame(),
        Packet.tcp(client, 49152, backend, newPort).trafficClass(0x8b).ttl(59).payload(101).ip());

    reopen(CONFIG);
    rewriteTo(udp(vip, 443), backend, port);
    Packet datagram = Packet.udp(client, 49152, vip, 443).payload(1400);
    assertSent(
        datagram.frame(), Packet.udp(client, 49152, backend, newPort).ttl(59).payload(1400).ip());
  }

  @Test
  void rewrite_vipOfEveryPort_keepsThePort() {
    rewriteTo(tcp(VIP4, 0), BACKEND4, 0);
    assertSent(
        Packet.tcp(CLIENT4, 49152, VIP4, 8443).frame(),
        Packet.tcp(CLIENT4, 49152, BACKEND4, 8443).ttl(59).ip());
  }

  @Test
  void rewrite_otherEgress_usesItsSourceMac() {
    rewriteTo(tcp(VIP4, 443), BACKEND4, 8080);
    Hop.Egress egress = new Hop.Egress(7, MacAddress.parse("02:00:00:00:00:77"));
    Hop hop = new Hop(MacAddress.parse("02:00:00:00:00:99"), egress);
    dataplane
        .backends()
        .put(1, new BackendEntry(address(BACKEND4), 8080, Forwarding.rewrite(), false, hop));

    byte[] sent = dataplane.program().run(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame()).frame();

    assertThat(Hex.of(sent)).startsWith("020000000099" + "020000000077" + "0800");
  }

  /** RFC 768: a transmitted checksum of 0 means that none was computed. */
  @ParameterizedTest
  @CsvSource({CLIENT4 + "," + VIP4 + "," + BACKEND4, CLIENT6 + "," + VIP6 + "," + BACKEND6})
  void rewrite_udpWithoutChecksum_staysWithout(String client, String vip, String backend) {
    rewriteTo(udp(vip, 443), backend, 8080);
    byte[] expected = Packet.udp(client, 49152, backend, 8080).ttl(59).payload(33).ip();
    int checksum = expected.length - 33 - 2;
    expected[checksum] = 0;
    expected[checksum + 1] = 0;

    assertSent(Packet.udp(client, 49152, vip, 443).payload(33).frameWithoutUdpChecksum(), expected);
  }

  /**
   * RFC 768: a checksum that is computed as 0 is sent as ffff. TCP has no such rule. A payload word
   * brings about the 0.
   */
  @ParameterizedTest
  @CsvSource({CLIENT4 + "," + VIP4 + "," + BACKEND4, CLIENT6 + "," + VIP6 + "," + BACKEND6})
  void rewrite_checksumBecomesZero_isSentAsTheProtocolSays(
      String client, String vip, String backend) {
    rewriteTo(udp(vip, 443), backend, 8080);
    byte[] word = new byte[2];
    byte[] sum = Packet.udp(client, 49152, backend, 8080).ttl(59).payload(word).ip();
    System.arraycopy(sum, sum.length - 4, word, 0, 2);
    byte[] expected = Packet.udp(client, 49152, backend, 8080).ttl(59).payload(word).ip();
    assertThat(Arrays.copyOfRange(expected, expected.length - 4, expected.length - 2))
        .as("computed")
        .isEqualTo(new byte[2]);
    Arrays.fill(expected, expected.length - 4, expected.length - 2, (byte) 0xff);
    assertSent(Packet.udp(client, 49152, vip, 443).payload(word).frame(), expected);

    reopen(CONFIG);
    rewriteTo(tcp(vip, 443), backend, 8080);
    Arrays.fill(word, (byte) 0);
    sum = Packet.tcp(client, 49152, backend, 8080).ttl(59).payload(word).ip();
    System.arraycopy(sum, sum.length - 6, word, 0, 2);
    expected = Packet.tcp(client, 49152, backend, 8080).ttl(59).payload(word).ip();
    assertThat(Arrays.copyOfRange(expected, expected.length - 6, expected.length - 4))
        .isEqualTo(new byte[2]);
    assertSent(Packet.tcp(client, 49152, vip, 443).payload(word).frame(), expected);
  }

  @ParameterizedTest
  @CsvSource({
    CLIENT4 + "," + VIP4 + "," + BACKEND4 + ", 1",
    CLIENT4 + "," + VIP4 + "," + BACKEND4 + ", 0",
    CLIENT6 + "," + VIP6 + "," + BACKEND6 + ", 1",
    CLIENT6 + "," + VIP6 + "," + BACKEND6 + ", 0",
  })
  void rewrite_noHopLeft_isAnsweredByTheVip(String client, String vip, String backend, int ttl) {
    rewriteTo(udp(vip, 443), backend, 8080);
    byte[] frame = Packet.udp(client, 49152, vip, 443).ttl(ttl).frame();
    boolean isIpv6 = vip.equals(VIP6);
    byte[] quoted = Arrays.copyOfRange(frame, NETWORK, NETWORK + (isIpv6 ? 48 : 28));
    byte[] content = ByteBuffer.allocate(4 + quoted.length).putInt(0).put(quoted).array();

    Simulation simulation = dataplane.program().run(frame);

    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(
            CLIENT_MAC
                + BALANCER_MAC
                + etherType(frame)
                + Hex.of(answer(vip, client, isIpv6 ? 3 : 11, content)));
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    assertThat(dataplane.counters().read(Counter.Total.TIME_EXCEEDED).packets()).isOne();
    assertThat(dataplane.counters().read(new Counter.OfBackend(1))).isEqualTo(Count.ZERO);
  }

  /** Returns the answer. Unlike {@link Packet}'s it has no id, fragment bits or flow label. */
  private static byte[] answer(String vip, String client, int type, byte[] content) {
    byte[] ip = Packet.icmp(vip, client, type, 0, content).ttl(64).ip();
    if (type == 11) {
      ByteBuffer header = ByteBuffer.wrap(ip);
      header.putInt(4, 0).putShort(10, (short) 0);
      header.putShort(10, (short) InternetChecksum.of(header.slice(0, 20)));
    } else {
      ByteBuffer.wrap(ip).putInt(0, 6 << 28);
    }
    return ip;
  }

  @Test
  void rewrite_noHopLeftOfAnIcmpError_drops() {
    rewriteTo(udp(VIP4, 443), BACKEND4, 8080);
    byte[] quoted = Packet.udp(VIP4, 443, CLIENT4, 49152).ip();
    assertDrops(Packet.icmp("192.0.2.1", VIP4, 3, 3).ttl(1).payload(quoted).frame());
  }

  @Test
  void rewrite_otherFamily_dropsAndCounts() {
    rewriteTo(udp(VIP4, 443), BACKEND6, 8080);
    assertDrops(Packet.udp(CLIENT4, 49152, VIP4, 443).frame());
    rewriteTo(udp(VIP6, 443), BACKEND4, 8080);
    assertDrops(Packet.udp(CLIENT6, 49152, VIP6, 443).frame());
    assertThat(dataplane.counters().read(Counter.Total.NOT_REWRITABLE).packets()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void packetLongerThanTheMtu_isAnsweredWithTheMtu(boolean rewrites) {
    reopen(CONFIG.with(c -> c.sendPacketTooBig = true));
    Forwarding forwarding = rewrites ? Forwarding.rewrite() : Forwarding.direct();
    serve(tcp(VIP4, 443), BACKEND4, 443, forwarding);
    Hop hop = new Hop(HOP.mac(), null, 1400);
    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), 443, forwarding, false, hop));

    byte[] fits = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(1360).frame();
    assertThat(dataplane.program().run(fits).frame()).hasSize(1414);
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(1361).frame();
    byte[] answer = dataplane.program().run(frame).frame();
    assertThat(ByteBuffer.wrap(answer).getInt(NETWORK + 24)).isEqualTo(1400);
    assertThat(dataplane.counters().read(Counter.Total.TOO_BIG_V4).packets()).isOne();
  }

  /**
   * RFC 5508, section 4.2: the error's destination and, as if the backend had sent it, the source
   * of the packet that it quotes. Routers quote eight bytes behind the IP header, or more.
   */
  @ParameterizedTest
  @CsvSource({
    "TCP, 8", "TCP, 16", "TCP, 17", "TCP, 18", "TCP, 20", "TCP, 61", "UDP, 8", "UDP, 9", "UDP, 61",
  })
  void rewrite_icmpErrorForTheVip_concernsTheBackend(String protocol, int bytes) {
    assertErrorRewritten(
        protocol, bytes, "192.0.2.1", VIP4, BACKEND4, CLIENT4, /* type= */ 3, /* code= */ 4);
    assertErrorRewritten(
        protocol, bytes, "2001:db8::1", VIP6, BACKEND6, CLIENT6, /* type= */ 2, /* code= */ 0);
  }

  private void assertErrorRewritten(
      String protocol,
      int bytes,
      String router,
      String vip,
      String backend,
      String client,
      int type,
      int code) {
    reopen(CONFIG);
    rewriteTo(protocol.equals("TCP") ? tcp(vip, 443) : udp(vip, 443), backend, 8080);
    byte[] sent = quoted(protocol, vip, 443, client, bytes);
    byte[] received = quoted(protocol, backend, 8080, client, bytes);
    if (protocol.equals("TCP") && bytes == 17) {
      received[received.length - 1] = sent[sent.length - 1]; // half a checksum is left
    }
    assertSent(
        Packet.icmp(router, vip, type, code).payload(sent).frame(),
        Packet.icmp(router, backend, type, code).ttl(59).payload(received).ip());
  }

  /** Returns the IP header and the first {@code bytes} behind it of a packet of 80 more. */
  private static byte[] quoted(String protocol, String from, int port, String to, int bytes) {
    Packet packet =
        protocol.equals("TCP")
            ? Packet.tcp(from, port, to, 49152)
            : Packet.udp(from, port, to, 49152);
    byte[] ip = packet.ttl(3).payload(80).ip();
    return Arrays.copyOf(ip, (from.contains(":") ? 40 : 20) + bytes);
  }

  /** A quoted datagram without a checksum keeps none. */
  @Test
  void rewrite_icmpErrorAboutUdpWithoutChecksum_leavesItWithout() {
    rewriteTo(udp(VIP4, 443), BACKEND4, 8080);
    byte[] sent = withoutChecksum(quoted("UDP", VIP4, 443, CLIENT4, 20));
    byte[] received = withoutChecksum(quoted("UDP", BACKEND4, 8080, CLIENT4, 20));
    assertSent(
        Packet.icmp("192.0.2.1", VIP4, 11, 1).payload(sent).frame(),
        Packet.icmp("192.0.2.1", BACKEND4, 11, 1).ttl(59).payload(received).ip());
  }

  private static byte[] withoutChecksum(byte[] datagram) {
    datagram[26] = 0;
    datagram[27] = 0;
    return datagram;
  }

  /** The checksum that the quote lacks would be where the frame is padded. */
  @Test
  void rewrite_icmpErrorInPaddedFrame_leavesThePadding() {
    rewriteTo(tcp(VIP4, 443), BACKEND4, 8080);
    byte[] error =
        Packet.icmp("192.0.2.1", VIP4, 3, 1).payload(quoted("TCP", VIP4, 443, CLIENT4, 8)).frame();
    byte[] expected =
        Packet.icmp("192.0.2.1", BACKEND4, 3, 1)
            .ttl(59)
            .payload(quoted("TCP", BACKEND4, 8080, CLIENT4, 8))
            .ip();
    assertSent(
        Arrays.copyOf(error, error.length + 16), Arrays.copyOf(expected, expected.length + 16));
  }

  @ParameterizedTest
  @CsvSource({
    CLIENT4 + "," + VIP4 + "," + BACKEND4, CLIENT6 + "," + VIP6 + "," + BACKEND6,
    CLIENT4 + "," + VIP4 + "," + BACKEND6, CLIENT6 + "," + VIP6 + "," + BACKEND4,
  })
  void direct_packet_changesOnlyTheFramesAddresses(String client, String vip, String backend) {
    serve(udp(vip, 443), backend, 8080, Forwarding.direct());
    Packet packet = Packet.udp(client, 49152, vip, 443).ttl(1).payload(11);
    assertSent(packet.frame(), packet.ip());
  }

  @Test
  void direct_icmpError_changesOnlyTheFramesAddresses() {
    serve(udp(VIP4, 443), BACKEND4, 0, Forwarding.direct());
    Packet error =
        Packet.icmp("192.0.2.1", VIP4, 3, 3).payload(quoted("UDP", VIP4, 443, CLIENT4, 30));
    assertSent(error.frame(), error.ip());
  }

  /** RFC 1624, section 4: the checksum of a header where RFC 1141 would have given ffff. */
  @Test
  void rewrite_headerChecksumBecomesZero_isZero() {
    byte[] sum = Packet.tcp(CLIENT4, 49152, BACKEND4, 8080).ttl(59).ip();
    int missing = ByteBuffer.wrap(sum).getShort(10) & 0xffff;
    // the backend's last two bytes bring the header's sum to ffff
    int last = (0x000b + missing) % 0xffff;
    String backend = "10.0.%d.%d".formatted(last >> 8, last & 0xff);
    rewriteTo(tcp(VIP4, 443), backend, 8080);

    byte[] sent = dataplane.program().run(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame()).frame();

    assertThat(ByteBuffer.wrap(sent).getShort(CHECKSUM_V4)).isZero();
    byte[] expected = Packet.tcp(CLIENT4, 49152, backend, 8080).ttl(59).ip();
    assertThat(Hex.of(sent)).endsWith(Hex.of(expected));
  }
}
