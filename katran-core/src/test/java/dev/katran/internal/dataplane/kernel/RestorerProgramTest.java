package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import dev.katran.Count;
import dev.katran.Prefix;
import dev.katran.Restoration;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.RestorationRules;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Hex;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program makes of frames that leave a backend's host, by BPF_PROG_TEST_RUN. */
@NeedsKernel
class RestorerProgramTest {

  private static final String CLIENT = "198.51.100.7";
  private static final String BACKEND = "10.0.0.11";
  private static final String VIP = "203.0.113.10";
  private static final String CLIENT_6 = "2001:db8:1::7";
  private static final String BACKEND_6 = "fc00::11";
  private static final String VIP_6 = "2001:db8:feed::10";
  private static final String EVERY_PORT = "10.0.0.99";
  private static final String EXCEPTED = "192.0.2.0/24";

  private static final int NETWORK = Packet.NETWORK;
  private static final int IPV4 = 20;
  private static final int IPV6 = 40;

  private final KernelSourceRestorer restorer =
      KernelSourceRestorer.load(
          new RestorationRules(
              ImmutableSet.of(
                  Restoration.of(VipKey.tcp(VIP, 443), BACKEND, 8443),
                  Restoration.of(VipKey.udp(VIP, 53), BACKEND, 5353),
                  Restoration.of(VipKey.tcp(VIP_6, 443), BACKEND_6, 8443),
                  Restoration.of(VipKey.udp(VIP_6, 53), BACKEND_6, 5353),
                  Restoration.of(VipKey.udp("203.0.113.99"), EVERY_PORT),
                  Restoration.of(VipKey.udp(VIP, 54), EVERY_PORT, 5353)),
              ImmutableSet.of(Prefix.of(EXCEPTED), Prefix.of("2001:db8:2::/48"))));

  @AfterEach
  void close() {
    restorer.close();
  }

  /** Every byte by hand: the comment has the sums of RFC 1071, on paper. */
  @Test
  void restore_tcpOverIpv4_changesSourcePortAndChecksumsOnly() {
    String ethernet = "020000000001" + "0200000000fe" + "0800";
    String before =
        ethernet
            + "45000028"
            + "12344000"
            + "3c06"
            + "%s"
            + "0a00000b"
            + "c6336407"
            + "20fbc000"
            + "00000001"
            + "00000002"
            + "50100200"
            + "%s"
            + "0000";
    String after =
        ethernet
            + "45000028"
            + "12344000"
            + "3c06"
            + "%s"
            + "cb00710a"
            + "c6336407"
            + "01bbc000"
            + "00000001"
            + "00000002"
            + "50100200"
            + "%s"
            + "0000";
    // header: 4500+0028+1234+4000+3c06+0a00+000b+c633+6407 = 207a7 -> 07a9 -> f856
    // with the VIP: ...-0a00-000b+cb00+710a = 339a6 -> 39a9 -> c656
    // segment: 0a00+000b+c633+6407+0006+0014+20fb+c000+0001+0002+5010+0200 = 2676d -> 676f -> 9890
    // with the VIP: ...-0a00-000b+cb00+710a-20fb+01bb = 37a2c -> 7a2f -> 85d0
    assertThat(run(before.formatted("f856", "9890"))).isEqualTo(after.formatted("c656", "85d0"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 777, 1400, 3000})
  void restore_listedSource_becomesTheVip(int payload) {
    assertRestored(tcp(BACKEND, 8443, CLIENT), tcp(VIP, 443, CLIENT), payload);
    assertRestored(udp(BACKEND, 5353, CLIENT), udp(VIP, 53, CLIENT), payload);
    assertRestored(tcp(BACKEND_6, 8443, CLIENT_6), tcp(VIP_6, 443, CLIENT_6), payload);
    assertRestored(udp(BACKEND_6, 5353, CLIENT_6), udp(VIP_6, 53, CLIENT_6), payload);

    assertThat(restorer.restored().packets()).isEqualTo(4);
  }

  @Test
  void restore_everyPort_keepsPortUnlessItHasItsOwn() {
    assertRestored(udp(EVERY_PORT, 1234, CLIENT), udp("203.0.113.99", 1234, CLIENT), 100);
    assertRestored(udp(EVERY_PORT, 5353, CLIENT), udp(VIP, 54, CLIENT), 100);
  }

  private void assertRestored(Packet packet, Packet expected, int payload) {
    assertThat(Hex.of(run(packet.ttl(63).trafficClass(0x2c).payload(payload).frame())))
        .isEqualTo(Hex.of(expected.ttl(63).trafficClass(0x2c).payload(payload).frame()));
  }

  @Test
  void restore_udpWithoutChecksum_staysWithout() {
    assertThat(run(udp(BACKEND, 5353, CLIENT).frameWithoutUdpChecksum()))
        .isEqualTo(udp(VIP, 53, CLIENT).frameWithoutUdpChecksum());
  }

  /** The payload makes the sum of the changed datagram 0xffff, so that its complement is 0. */
  @Test
  void restore_udpChecksumBecomesZero_isSentAsFfff() {
    byte[] sum = {0, 0};
    byte[] frame = udp(VIP, 53, CLIENT).payload(sum).frame();
    int checksum = NETWORK + IPV4 + 6;
    sum = Arrays.copyOfRange(frame, checksum, checksum + 2); // what is missing to 0xffff
    byte[] expected = udp(VIP, 53, CLIENT).payload(sum).frame();
    expected[checksum] = (byte) 0xff;
    expected[checksum + 1] = (byte) 0xff;

    assertThat(Hex.of(run(udp(BACKEND, 5353, CLIENT).payload(sum).frame())))
        .isEqualTo(Hex.of(expected));
  }

  @Test
  void restore_ipv4Options_areSteppedOver() {
    byte[] options = Hex.decode("94040000"); // router alert

    assertThat(Hex.of(run(withOptions(tcp(BACKEND, 8443, CLIENT), options))))
        .isEqualTo(Hex.of(withOptions(tcp(VIP, 443, CLIENT), options)));
  }

  /** Hop-by-hop options are what Linux sends with segments of more than 64 KiB. */
  @ParameterizedTest
  @CsvSource({
    "0, 0000000000000000",
    "60, 00010400000000000000000000000000",
    "43, 0000000000000000"
  })
  void restore_ipv6ExtensionHeader_isSteppedOver(int header, String content) {
    assertThat(Hex.of(run(withExtension(tcp(BACKEND_6, 8443, CLIENT_6), header, content))))
        .isEqualTo(Hex.of(withExtension(tcp(VIP_6, 443, CLIENT_6), header, content)));
  }

  @Test
  void restore_otherSource_passesUnchanged() {
    for (Packet packet :
        new Packet[] {
          tcp(BACKEND, 8444, CLIENT), // another port, such as of a connection that the host opens
          udp(BACKEND, 8443, CLIENT), // the port of another protocol
          tcp("10.0.0.12", 8443, CLIENT),
          tcp(BACKEND_6, 8444, CLIENT_6),
          tcp("fc00::12", 8443, CLIENT_6),
          tcp(CLIENT, 8443, BACKEND), // towards the server
          Packet.echoRequest(BACKEND, CLIENT),
          Packet.echoRequest(BACKEND_6, CLIENT_6),
          Packet.of(BACKEND, CLIENT, 132)
        }) {
      byte[] frame = packet.payload(100).frame();
      assertThat(run(frame)).isEqualTo(frame);
    }
    byte[] arp = Packet.frame(0x0806, new byte[60]);
    assertThat(run(arp)).isEqualTo(arp);
    assertThat(restorer.restored()).isEqualTo(Count.ZERO);
  }

  @Test
  void restore_exceptedDestination_passesUnchanged() {
    for (Packet packet :
        new Packet[] {
          tcp(BACKEND, 8443, "192.0.2.7"),
          tcp(BACKEND_6, 8443, "2001:db8:2::7"),
          error(BACKEND, "192.0.2.7", udp("192.0.2.7", 40_000, BACKEND, 5353))
        }) {
      assertThat(run(packet.frame())).isEqualTo(packet.frame());
    }
    assertThat(restorer.errors()).isEqualTo(Count.ZERO);
  }

  /** The lengths that the headers state are not there: as sent by a program on a raw socket. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 7, 19})
  void restore_headerCutShort_passesUnchanged(int left) {
    byte[] tcp = tcp(BACKEND, 8443, CLIENT).frame();
    byte[] cut = Arrays.copyOf(tcp, NETWORK + IPV4 + left);

    assertThat(run(cut)).isEqualTo(cut);
    assertThat(restorer.drops()).isEqualTo(Count.ZERO);
  }

  @Test
  void install_again_replacesTheVip() {
    restorer.install(Restoration.of(VipKey.tcp("203.0.113.20", 444), BACKEND, 8443));
    assertRestored(tcp(BACKEND, 8443, CLIENT), tcp("203.0.113.20", 444, CLIENT), 10);

    restorer.remove(Restoration.of(VipKey.tcp("203.0.113.20", 444), BACKEND, 8443));
    assertRestored(tcp(BACKEND, 8443, CLIENT), tcp(BACKEND, 8443, CLIENT), 10);
  }

  // fragments

  @Test
  void restore_fragmentsInOrder_getTheSourceOfTheFirst() {
    byte[] whole = udp(BACKEND, 5353, CLIENT).payload(1000).ip();
    byte[] expected = udp(VIP, 53, CLIENT).payload(1000).ip();
    int[][] parts = {{0, 400}, {400, 800}, {800, 1008}};
    for (int[] part : parts) {
      assertThat(Hex.of(run(fragment(whole, part[0], part[1], 7))))
          .isEqualTo(Hex.of(fragment(expected, part[0], part[1], 7)));
    }
    assertThat(restorer.fragments().packets()).isEqualTo(3);
    assertThat(restorer.restored().packets()).isEqualTo(3);
  }

  @Test
  void restore_ipv6FragmentsInOrder_getTheSourceOfTheFirst() {
    byte[] whole = udp(BACKEND_6, 5353, CLIENT_6).payload(1000).ip();
    byte[] expected = udp(VIP_6, 53, CLIENT_6).payload(1000).ip();
    for (int[] part : new int[][] {{0, 400}, {400, 1008}}) {
      assertThat(Hex.of(run(fragment6(whole, part[0], part[1], 7))))
          .isEqualTo(Hex.of(fragment6(expected, part[0], part[1], 7)));
    }
    assertThat(restorer.fragments().packets()).isEqualTo(2);
  }

  /** The next datagram with the same identification is from a port that answers as no VIP. */
  @Test
  void restore_laterFragmentOfOtherPort_passesUnchanged() {
    byte[] restored = udp(BACKEND, 5353, CLIENT).payload(1000).ip();
    run(fragment(restored, 0, 400, 7));
    byte[] other = udp(BACKEND, 6666, CLIENT).payload(1000).ip();
    for (int[] part : new int[][] {{0, 400}, {400, 1008}}) {
      byte[] frame = fragment(other, part[0], part[1], 7);
      assertThat(run(frame)).isEqualTo(frame);
    }
    byte[] unknown = fragment(restored, 400, 1008, 8);
    assertThat(run(unknown)).isEqualTo(unknown);
    assertThat(restorer.fragments().packets()).isEqualTo(1);
  }

  // ICMP errors

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 520})
  void restore_errorAboutClientsPacket_isThatOfTheVip(int payload) {
    assertThat(Hex.of(run(errorFor(udp(CLIENT, 40_000, BACKEND, 5353), payload, BACKEND))))
        .isEqualTo(Hex.of(errorFor(udp(CLIENT, 40_000, VIP, 53), payload, VIP)));
    assertThat(Hex.of(run(errorFor(tcp(CLIENT, 40_000, BACKEND, 8443), payload, BACKEND))))
        .isEqualTo(Hex.of(errorFor(tcp(CLIENT, 40_000, VIP, 443), payload, VIP)));
    assertThat(Hex.of(run(errorFor(udp(CLIENT_6, 40_000, BACKEND_6, 5353), payload, BACKEND_6))))
        .isEqualTo(Hex.of(errorFor(udp(CLIENT_6, 40_000, VIP_6, 53), payload, VIP_6)));
    assertThat(Hex.of(run(errorFor(tcp(CLIENT_6, 40_000, BACKEND_6, 8443), payload, BACKEND_6))))
        .isEqualTo(Hex.of(errorFor(tcp(CLIENT_6, 40_000, VIP_6, 443), payload, VIP_6)));
    assertThat(restorer.errors().packets()).isEqualTo(4);
    assertThat(restorer.restored()).isEqualTo(Count.ZERO);
  }

  /** RFC 792: an error quotes at least eight bytes behind the header, without TCP's checksum. */
  @Test
  void restore_errorWithEightBytesOfTcp_isThatOfTheVip() {
    byte[] before = Arrays.copyOf(tcp(CLIENT, 40_000, BACKEND, 8443).ip(), IPV4 + 8);
    byte[] after = Arrays.copyOf(tcp(CLIENT, 40_000, VIP, 443).ip(), IPV4 + 8);

    assertThat(Hex.of(run(error(BACKEND, CLIENT, before).frame())))
        .isEqualTo(Hex.of(error(VIP, CLIENT, after).frame()));
  }

  @Test
  void restore_errorAboutUdpWithoutChecksum_staysWithout() {
    byte[] before = packetOf(udp(CLIENT, 40_000, BACKEND, 5353).frameWithoutUdpChecksum());
    byte[] after = packetOf(udp(CLIENT, 40_000, VIP, 53).frameWithoutUdpChecksum());

    assertThat(Hex.of(run(error(BACKEND, CLIENT, before).frame())))
        .isEqualTo(Hex.of(error(VIP, CLIENT, after).frame()));
  }

  /** A router behind the server's address keeps its own. */
  @Test
  void restore_errorOfRouter_keepsItsSource() {
    assertThat(Hex.of(run(error("10.0.0.1", CLIENT, udp(CLIENT, 40_000, BACKEND, 5353)).frame())))
        .isEqualTo(Hex.of(error("10.0.0.1", CLIENT, udp(CLIENT, 40_000, VIP, 53)).frame()));
    assertThat(
            Hex.of(run(error("fc00::1", CLIENT_6, udp(CLIENT_6, 40_000, BACKEND_6, 5353)).frame())))
        .isEqualTo(Hex.of(error("fc00::1", CLIENT_6, udp(CLIENT_6, 40_000, VIP_6, 53)).frame()));
  }

  @Test
  void restore_otherMessage_passesUnchanged() {
    byte[] quoted = udp(CLIENT, 40_000, BACKEND, 5353).ip();
    byte[] later = quoted.clone();
    later[7] = 1; // a fragment offset
    for (Packet packet :
        new Packet[] {
          error(BACKEND, CLIENT, udp(CLIENT, 40_000, BACKEND, 5354)), // a port of no VIP
          error(BACKEND, CLIENT, udp(BACKEND, 5353, CLIENT, 40_000)), // about the server's packet
          error(BACKEND, CLIENT, later),
          error(BACKEND, CLIENT, Arrays.copyOf(quoted, IPV4 + 7)),
          error(BACKEND, CLIENT, Arrays.copyOf(quoted, 10)),
          error(BACKEND, CLIENT, Packet.of(CLIENT, BACKEND, 132).payload(50).ip()),
          Packet.icmp(BACKEND, CLIENT, 5, 1).payload(quoted), // redirect
          Packet.icmp(BACKEND, CLIENT, 0, 0).payload(quoted), // echo reply
          Packet.icmp(BACKEND_6, CLIENT_6, 129, 0).payload(quoted)
        }) {
      assertThat(Hex.of(run(packet.frame()))).isEqualTo(Hex.of(packet.frame()));
    }
    assertThat(restorer.errors()).isEqualTo(Count.ZERO);
  }

  private static byte[] errorFor(Packet about, int payload, String from) {
    String to = from.indexOf(':') < 0 ? CLIENT : CLIENT_6;
    return error(from, to, about.payload(payload).ip()).frame();
  }

  private static Packet error(String from, String to, Packet about) {
    return error(from, to, about.ip());
  }

  /** Returns "port unreachable". */
  private static Packet error(String from, String to, byte[] quoted) {
    return (from.indexOf(':') < 0 ? Packet.icmp(from, to, 3, 3) : Packet.icmp(from, to, 1, 4))
        .payload(quoted);
  }

  private static byte[] packetOf(byte[] frame) {
    return Arrays.copyOfRange(frame, NETWORK, frame.length);
  }

  private static Packet tcp(String source, int port, String destination) {
    return tcp(source, port, destination, 49_152);
  }

  private static Packet tcp(String source, int port, String destination, int destinationPort) {
    return Packet.tcp(source, port, destination, destinationPort);
  }

  private static Packet udp(String source, int port, String destination) {
    return udp(source, port, destination, 49_152);
  }

  private static Packet udp(String source, int port, String destination, int destinationPort) {
    return Packet.udp(source, port, destination, destinationPort);
  }

  private static byte[] withOptions(Packet packet, byte[] options) {
    byte[] ip = packet.ip();
    ByteBuffer with = ByteBuffer.allocate(ip.length + options.length);
    with.put(ip, 0, IPV4).put(options).put(ip, IPV4, ip.length - IPV4);
    with.put(0, (byte) (0x45 + options.length / 4)).putShort(2, (short) with.capacity());
    with.putShort(10, (short) 0);
    with.putShort(10, (short) InternetChecksum.of(with.slice(0, IPV4 + options.length)));
    return Packet.frame(0x0800, with.array());
  }

  private static byte[] withExtension(Packet packet, int header, String content) {
    byte[] ip = packet.ip();
    byte[] extension = Hex.decode(content);
    extension[0] = ip[6];
    ByteBuffer with = ByteBuffer.allocate(ip.length + extension.length);
    with.put(ip, 0, IPV6).put(extension).put(ip, IPV6, ip.length - IPV6);
    with.putShort(4, (short) (with.capacity() - IPV6)).put(6, (byte) header);
    return Packet.frame(0x86dd, with.array());
  }

  /** Returns a fragment with bytes of the payload of an IPv4 packet. */
  private static byte[] fragment(byte[] ip, int from, int to, int identification) {
    boolean isLast = to == ip.length - IPV4;
    ByteBuffer fragment = ByteBuffer.allocate(IPV4 + to - from);
    fragment.put(ip, 0, IPV4).put(ip, IPV4 + from, to - from);
    fragment.putShort(2, (short) fragment.capacity()).putShort(4, (short) identification);
    fragment.putShort(6, (short) (from / 8 | (isLast ? 0 : 0x2000))).putShort(10, (short) 0);
    fragment.putShort(10, (short) InternetChecksum.of(fragment.slice(0, IPV4)));
    return Packet.frame(0x0800, fragment.array());
  }

  private static byte[] fragment6(byte[] ip, int from, int to, int identification) {
    boolean isLast = to == ip.length - IPV6;
    ByteBuffer fragment = ByteBuffer.allocate(IPV6 + 8 + to - from);
    fragment.put(ip, 0, IPV6);
    fragment.put(ip[6]).put((byte) 0).putShort((short) (from | (isLast ? 0 : 1)));
    fragment.putInt(identification).put(ip, IPV6 + from, to - from);
    fragment.putShort(4, (short) (fragment.capacity() - IPV6)).put(6, (byte) 44);
    return Packet.frame(0x86dd, fragment.array());
  }

  private String run(String frame) {
    return Hex.of(run(Hex.decode(frame)));
  }

  private byte[] run(byte[] frame) {
    return RestorerRun.of(restorer, frame);
  }
}
