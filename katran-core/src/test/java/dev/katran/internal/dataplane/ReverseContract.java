package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Forwarding;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.memory.FixedRoutes;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The way back from backends that packets are rewritten to, on a host with {@link FixedRoutes}. The
 * expected packets are built anew, with checksums that are computed over the whole packet.
 */
public abstract class ReverseContract extends DataplaneContract {

  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final Features REWRITES = new Features(0, false, false, false, true, false);
  private static final String UNRESOLVED = "192.0.2.77";
  private static final String OTHER_INTERFACE = "10.1.2.3";
  private static final String LOCAL = "172.31.0.1";
  private static final String UNREACHABLE = "10.200.0.1";
  private static final String SHORT = "198.51.100.5";

  @BeforeEach
  void rewriteAll() {
    dataplane.program().use(REWRITES);
    rewrite(udp(VIP4, 443), 1, 1, BACKEND4, 8080);
    rewrite(tcp(VIP4, 443), 0, 1, BACKEND4, 8080);
    rewrite(tcp(VIP6, 443), 2, 2, BACKEND6, 8080);
    rewrite(udp(VIP6, 443), 3, 2, BACKEND6, 8080);
  }

  private void rewrite(VipKey key, int vip, int number, String backend, int port) {
    serve(key, vip, NO_FLAGS, number, backend);
    BackendEntry entry =
        new BackendEntry(address(backend), port, Forwarding.rewrite(), /* local= */ false, HOP);
    dataplane.backends().put(number, entry);
    int protocol = key.protocol().number();
    dataplane.reverse().put(Map.of(new ReverseKey(address(backend), port, protocol), vip));
  }

  private void assertReversed(byte[] frame, byte[] expectedIp) {
    Simulation simulation = dataplane.program().run(frame);
    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(
            Hex.of(FixedRoutes.ROUTER_MAC.toBytes())
                + Hex.of(FixedRoutes.OWN_MAC.toBytes())
                + Hex.of(Arrays.copyOfRange(frame, 12, 14))
                + Hex.of(expectedIp));
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    assertThat(dataplane.counters().read(Counter.Total.REVERSED).packets()).isOne();
    assertThat(dataplane.counters().read(Counter.Total.TX).packets()).isOne();
  }

  /** The host routes the packet, so its TTL and the frame's addresses remain. */
  private void assertLeftToHost(byte[] frame, byte[] expectedIp) {
    byte[] expected = Arrays.copyOf(frame, frame.length);
    System.arraycopy(expectedIp, 0, expected, NETWORK, expectedIp.length);
    assertThat(dataplane.program().run(frame)).isEqualTo(new Simulation(Verdict.PASS, expected));
    assertThat(dataplane.counters().read(Counter.Total.REVERSED_BY_HOST).packets()).isOne();
    assertThat(dataplane.counters().read(Counter.Total.REVERSED).packets()).isZero();
  }

  @ParameterizedTest
  @CsvSource({BACKEND4 + "," + VIP4 + "," + CLIENT4, BACKEND6 + "," + VIP6 + "," + CLIENT6})
  void answer_tcp_comesFromTheVip(String backend, String vip, String client) {
    Packet sent = Packet.tcp(backend, 8080, client, 49152).trafficClass(0x03).payload(1000);
    assertReversed(
        sent.frame(),
        Packet.tcp(vip, 443, client, 49152).trafficClass(0x03).payload(1000).ttl(59).ip());
  }

  @ParameterizedTest
  @CsvSource({BACKEND4 + "," + VIP4 + "," + CLIENT4, BACKEND6 + "," + VIP6 + "," + CLIENT6})
  void answer_udp_comesFromTheVip(String backend, String vip, String client) {
    assertReversed(
        Packet.udp(backend, 8080, client, 49152).payload(7).frame(),
        Packet.udp(vip, 443, client, 49152).payload(7).ttl(59).ip());
  }

  @Test
  void answer_udpWithoutChecksum_staysWithout() {
    byte[] expected = Packet.udp(VIP4, 443, CLIENT4, 49152).payload(7).ttl(59).ip();
    expected[26] = 0;
    expected[27] = 0;
    assertReversed(
        Packet.udp(BACKEND4, 8080, CLIENT4, 49152).payload(7).frameWithoutUdpChecksum(), expected);
  }

  @Test
  void answer_ofVipOfEveryPort_keepsThePort() {
    serve(tcp("203.0.113.99", 0), 7, NO_FLAGS, 1, BACKEND4);
    dataplane.reverse().put(Map.of(new ReverseKey(address(BACKEND4), 0, TCP), 7));

    assertReversed(
        Packet.tcp(BACKEND4, 9000, CLIENT4, 49152).frame(),
        Packet.tcp("203.0.113.99", 9000, CLIENT4, 49152).ttl(59).ip());
  }

  @Test
  void answer_ownPortAndEveryPort_ownPortWins() {
    serve(tcp("203.0.113.99", 0), 7, NO_FLAGS, 1, BACKEND4);
    dataplane.reverse().put(Map.of(new ReverseKey(address(BACKEND4), 0, TCP), 7));

    assertReversed(
        Packet.tcp(BACKEND4, 8080, CLIENT4, 49152).frame(),
        Packet.tcp(VIP4, 443, CLIENT4, 49152).ttl(59).ip());
  }

  @Test
  void packet_fromOtherPortProtocolOrAddress_passes() {
    dataplane.reverse().remove(Set.of(new ReverseKey(address(BACKEND4), 8080, UDP)));
    assertPasses(Packet.tcp(BACKEND4, 8081, CLIENT4, 49152).frame());
    assertPasses(Packet.udp(BACKEND4, 8080, CLIENT4, 49152).frame());
    assertPasses(Packet.tcp("10.0.0.12", 8080, CLIENT4, 49152).frame());
    assertPasses(Packet.echoRequest(BACKEND4, CLIENT4).frame());
  }

  @Test
  void packet_withoutTheFeature_passes() {
    dataplane.program().use(Features.NONE);
    assertPasses(Packet.tcp(BACKEND4, 8080, CLIENT4, 49152).frame());
  }

  @Test
  void packet_forAVip_isForwardedAndNotReversed() {
    byte[] sent = dataplane.program().run(Packet.tcp(BACKEND4, 8080, VIP4, 443).frame()).frame();
    assertThat(Hex.of(sent))
        .endsWith(Hex.of(Packet.tcp(BACKEND4, 8080, BACKEND4, 8080).ttl(59).ip()));
  }

  /** The host resolves the next hop, or sends by an interface that programs cannot send by. */
  @ParameterizedTest
  @ValueSource(strings = {UNRESOLVED, OTHER_INTERFACE})
  void answer_thatTheProgramCannotSend_isRewrittenForTheHost(String client) {
    assertLeftToHost(
        Packet.tcp(BACKEND4, 8080, client, 49152).payload(9).frame(),
        Packet.tcp(VIP4, 443, client, 49152).payload(9).ip());
  }

  @Test
  void answer_overIpv6ThatTheProgramCannotSend_isRewrittenForTheHost() {
    assertLeftToHost(
        Packet.udp(BACKEND6, 8080, "2001:db8:c:1::1", 49152).payload(9).frame(),
        Packet.udp(VIP6, 443, "2001:db8:c:1::1", 49152).payload(9).ip());
  }

  /** The host checks a backend at its own address, or answers that the client is unreachable. */
  @ParameterizedTest
  @ValueSource(strings = {LOCAL, UNREACHABLE, "100.64.0.1", "224.0.0.1", "127.0.0.1"})
  void packet_thatTheHostDoesNotForward_passes(String client) {
    assertPasses(Packet.tcp(BACKEND4, 8080, client, 49152).frame());
  }

  /** The host answers the backend, which must find its own packet quoted. */
  @Test
  void answer_withoutHop_passes() {
    assertPasses(Packet.tcp(BACKEND4, 8080, CLIENT4, 49152).ttl(1).frame());
    assertPasses(Packet.tcp(BACKEND6, 8080, CLIENT6, 49152).ttl(1).frame());
  }

  /** The host tells the backend the path MTU, or fragments what comes from the VIP. */
  @Test
  void answer_longerThanItsRouteAllows_isTheHostsToAnswerOrFragment() {
    assertPasses(Packet.udp(BACKEND4, 8080, SHORT, 49152).payload(1253).frame());
    assertPasses(Packet.udp(BACKEND6, 8080, "2001:db8:c::5", 49152).payload(1233).frame());
    assertLeftToHost(
        withoutDontFragment(Packet.udp(BACKEND4, 8080, SHORT, 49152).payload(1253).frame()),
        Arrays.copyOfRange(
            withoutDontFragment(Packet.udp(VIP4, 443, SHORT, 49152).payload(1253).frame()),
            NETWORK,
            NETWORK + 1281));
  }

  @Test
  void answer_asLongAsItsRouteAllows_isSent() {
    assertReversed(
        Packet.udp(BACKEND4, 8080, SHORT, 49152).payload(1252).frame(),
        Packet.udp(VIP4, 443, SHORT, 49152).payload(1252).ttl(59).ip());
  }

  private static byte[] withoutDontFragment(byte[] frame) {
    frame[NETWORK + 6] = 0;
    int checksum = (((frame[NETWORK + 10] & 0xff) << 8) | (frame[NETWORK + 11] & 0xff)) + 0x4000;
    checksum = (checksum & 0xffff) + (checksum >> 16);
    frame[NETWORK + 10] = (byte) (checksum >> 8);
    frame[NETWORK + 11] = (byte) checksum;
    return frame;
  }

  /**
   * RFC 5508, section 4.2: the error's source and, as if the VIP had received it, the destination
   * of the packet that it quotes.
   */
  @ParameterizedTest
  @CsvSource({"TCP, 8", "TCP, 18", "TCP, 60", "UDP, 8", "UDP, 60"})
  void icmpError_ofBackend_comesFromTheVip(String protocol, int bytes) {
    assertReversed(
        Packet.icmp(BACKEND4, CLIENT4, 3, 3)
            .payload(quoted(protocol, CLIENT4, BACKEND4, 8080, bytes))
            .frame(),
        Packet.icmp(VIP4, CLIENT4, 3, 3)
            .ttl(59)
            .payload(quoted(protocol, CLIENT4, VIP4, 443, bytes))
            .ip());
  }

  @ParameterizedTest
  @CsvSource({"TCP, 8", "TCP, 18", "TCP, 60", "UDP, 8", "UDP, 60"})
  void icmpv6Error_ofBackend_comesFromTheVip(String protocol, int bytes) {
    assertReversed(
        Packet.icmp(BACKEND6, CLIENT6, 1, 4)
            .payload(quoted(protocol, CLIENT6, BACKEND6, 8080, bytes))
            .frame(),
        Packet.icmp(VIP6, CLIENT6, 1, 4)
            .ttl(59)
            .payload(quoted(protocol, CLIENT6, VIP6, 443, bytes))
            .ip());
  }

  /** A router on the backends' side: its address may mean nothing to the client. */
  @Test
  void icmpError_ofRouterBeforeTheBackend_comesFromTheVip() {
    assertReversed(
        Packet.icmp("10.9.9.9", CLIENT4, 3, 1)
            .payload(quoted("TCP", CLIENT4, BACKEND4, 8080, 8))
            .frame(),
        Packet.icmp(VIP4, CLIENT4, 3, 1)
            .ttl(59)
            .payload(quoted("TCP", CLIENT4, VIP4, 443, 8))
            .ip());
  }

  @Test
  void icmpError_withoutHop_passes() {
    assertPasses(
        Packet.icmp(BACKEND4, CLIENT4, 3, 3)
            .ttl(1)
            .payload(quoted("TCP", CLIENT4, BACKEND4, 8080, 8))
            .frame());
  }

  @Test
  void icmpError_thatTheHostRoutes_isRewritten() {
    assertLeftToHost(
        Packet.icmp(BACKEND4, UNRESOLVED, 3, 3)
            .payload(quoted("UDP", UNRESOLVED, BACKEND4, 8080, 30))
            .frame(),
        Packet.icmp(VIP4, UNRESOLVED, 3, 3).payload(quoted("UDP", UNRESOLVED, VIP4, 443, 30)).ip());
  }

  private static byte[] quoted(String protocol, String from, String to, int port, int bytes) {
    Packet packet =
        protocol.equals("TCP")
            ? Packet.tcp(from, 49152, to, port)
            : Packet.udp(from, 49152, to, port);
    byte[] ip = packet.ttl(5).payload(80).ip();
    return Arrays.copyOf(ip, (from.contains(":") ? 40 : 20) + bytes);
  }
}
