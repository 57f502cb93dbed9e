package dev.katran.internal.dataplane;

import static dev.katran.packets.IpExtensions.AUTHENTICATION;
import static dev.katran.packets.IpExtensions.DESTINATION_OPTIONS;
import static dev.katran.packets.IpExtensions.HOP_BY_HOP;
import static dev.katran.packets.IpExtensions.ROUTING;
import static dev.katran.packets.IpExtensions.frame;
import static dev.katran.packets.IpExtensions.withHeader;
import static dev.katran.packets.IpExtensions.withOptions;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Verdict;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.net.Inet6Address;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets with IPv4 options or IPv6 extension headers, for VIPs that take them and others. */
public abstract class WalkContract extends DataplaneContract {

  private static final int TAKES = VipFlags.IP_OPTIONS;

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.tcpServerIds = true;
      c.gue = c.gue.withSource((Inet6Address) address("fd00::1"));
    });
  }

  @BeforeEach
  void serve() {
    dataplane.program().use(new Features(TAKES | VipFlags.QUIC, true, false));
    serve(tcp(VIP4, 443), 0, TAKES, 1, BACKEND4);
    serve(udp(VIP4, 443), 1, TAKES | VipFlags.QUIC, 1, BACKEND4);
    serve(tcp(VIP6, 443), 2, TAKES, 2, BACKEND6);
    serve(udp(VIP6, 443), 3, TAKES, 2, BACKEND6);
    serve(tcp(VIP4, 80), 4, NO_FLAGS, 1, BACKEND4);
    serve(tcp(VIP6, 80), 5, NO_FLAGS, 2, BACKEND6);
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    dataplane.vips().answerPing(Destination.of(address(VIP6)), true);
    dataplane.backends().put(9, new BackendEntry(address("10.0.0.9"), HOP));
    dataplane.serverIds().put(Map.of(0x111, 9));
  }

  private static byte[] tcp4(int port) {
    return Packet.tcp(CLIENT4, 49152, VIP4, port).payload(9).ip();
  }

  private static byte[] tcp6(int port) {
    return Packet.tcp(CLIENT6, 49152, VIP6, port).payload(9).ip();
  }

  private static byte[] udp6() {
    return Packet.udp(CLIENT6, 49152, VIP6, 443).payload(9).ip();
  }

  private void assertGoes(byte[] ip, String backend) {
    Encapsulated sent = forwarded(frame(ip));
    assertThat(sent.destination()).isEqualTo(address(backend));
    assertThat(sent.inner()).isEqualTo(Hex.of(ip));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 10})
  void options_vipTakesThem_packetIsForwardedUnchanged(int words) {
    assertGoes(withOptions(tcp4(443), words), BACKEND4);
    assertGoes(withOptions(Packet.udp(CLIENT4, 49152, VIP4, 443).payload(9).ip(), words), BACKEND4);
  }

  @Test
  void options_vipTakesNone_areDroppedAndCounted() {
    assertDrops(frame(withOptions(tcp4(80), 2)));
    assertThat(dataplane.counters().read(Counter.Total.IP_OPTIONS).packets()).isEqualTo(1);
  }

  @Test
  void options_noVipAtThePort_areDroppedAsBefore() {
    assertDrops(frame(withOptions(tcp4(22), 2)));
    assertPasses(frame(withOptions(Packet.tcp(CLIENT4, 1, "203.0.113.99", 443).ip(), 2)));
  }

  @Test
  void options_programWithoutThem_areDropped() {
    dataplane.program().use(new Features(VipFlags.QUIC, true, false));
    assertDrops(frame(withOptions(tcp4(443), 2)));
  }

  @Test
  void options_tcpServerId_isFoundBehindThem() {
    byte[] option = {(byte) 0xb7, 6, 0x11, 0x01, 0, 0, 1, 1};
    assertGoes(
        withOptions(Packet.tcp(CLIENT4, 49152, VIP4, 443).tcpOptions(option).ip(), 10), "10.0.0.9");
  }

  @Test
  void options_quicServerId_isFoundBehindThem() {
    byte[] shortHeader = {0x40, 0x40, 0x44, 0x40, 0, 0, 0, 0, 0, 0};
    byte[] ip = Packet.udp(CLIENT4, 49152, VIP4, 443).payload(shortHeader).ip();
    assertGoes(ip, "10.0.0.9");
    assertGoes(withOptions(ip, 3), "10.0.0.9");
  }

  @ParameterizedTest
  @ValueSource(ints = {HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS})
  void extensionHeader_vipTakesThem_packetIsForwardedUnchanged(int kind) {
    assertGoes(withHeader(tcp6(443), kind, 8), BACKEND6);
    assertGoes(withHeader(udp6(), kind, 64), BACKEND6);
  }

  @Test
  void extensionHeader_vipTakesNone_passes() {
    assertPasses(frame(withHeader(tcp6(80), DESTINATION_OPTIONS, 8)));
  }

  @Test
  void extensionHeader_authentication_passes() {
    assertPasses(frame(withHeader(tcp6(443), AUTHENTICATION, 16)));
  }

  @Test
  void extensionHeaders_inTheOrderOfRfc8200_areWalked() {
    byte[] ip = withHeader(tcp6(443), DESTINATION_OPTIONS, 16);
    ip = withHeader(ip, ROUTING, 24);
    ip = withHeader(ip, DESTINATION_OPTIONS, 8);
    assertGoes(withHeader(ip, HOP_BY_HOP, 8), BACKEND6);
  }

  @Test
  void extensionHeader_hopByHopIsNotFirst_passes() {
    byte[] ip = withHeader(tcp6(443), HOP_BY_HOP, 8);
    assertPasses(frame(withHeader(ip, DESTINATION_OPTIONS, 8)));
  }

  @Test
  void routingHeader_segmentsLeft_passes() {
    byte[] ip = withHeader(tcp6(443), ROUTING, 24);
    ip[40 + 3] = 1;
    assertPasses(frame(ip));
  }

  @Test
  void extensionHeaders_asManyAsAreWalked_areWalkedAndOneMorePasses() {
    byte[] ip = tcp6(443);
    for (int i = 0; i < 8; i++) {
      ip = withHeader(ip, DESTINATION_OPTIONS, 8);
    }
    assertGoes(ip, BACKEND6);
    assertPasses(frame(withHeader(ip, DESTINATION_OPTIONS, 8)));
  }

  @Test
  void extensionHeaders_asLongAsIsWalked_areWalkedAndLongerOnesPass() {
    byte[] ip = withHeader(tcp6(443), DESTINATION_OPTIONS, 248);
    assertGoes(withHeader(ip, DESTINATION_OPTIONS, 8), BACKEND6);
    assertPasses(frame(withHeader(ip, DESTINATION_OPTIONS, 16)));
  }

  @Test
  void extensionHeader_longerThanThePacket_isNotReadInThePadding() {
    byte[] ip = withHeader(tcp6(443), DESTINATION_OPTIONS, 8);
    ip[4] = 0;
    ip[5] = 8; // the payload is the extension header alone
    assertPasses(frame(ip));
    ip[5] = 7;
    assertPasses(frame(ip));
  }

  @Test
  void extensionHeader_transportHeaderIsCutShort_passes() {
    byte[] ip = withHeader(tcp6(443), DESTINATION_OPTIONS, 8);
    ip[4] = 0;
    ip[5] = 8 + 19;
    assertPasses(frame(ip));
  }

  @Test
  void options_gue_hasNoOuterChecksum() {
    dataplane
        .backends()
        .put(2, new BackendEntry(address(BACKEND6), dev.katran.Forwarding.gue(), HOP));
    byte[] plain = Hex.decode(forwarded(frame(tcp6(443))).inner());
    assertThat(plain[6] | plain[7]).isNotZero();
    byte[] walked =
        Hex.decode(forwarded(frame(withHeader(tcp6(443), DESTINATION_OPTIONS, 8))).inner());
    assertThat(walked[6] | walked[7]).isZero();
  }

  @Test
  void error_quotesOptions_followsTheFlow() {
    byte[] quoted = withOptions(Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(8).ip(), 4);
    assertGoes(Packet.icmp("192.0.2.1", VIP4, 3, 4).payload(quoted).ip(), BACKEND4);
    byte[] quoted6 = withHeader(Packet.udp(VIP6, 443, CLIENT6, 49152).payload(8).ip(), 0, 16);
    assertGoes(Packet.icmp("2001:db8::1", VIP6, 2, 0).payload(quoted6).ip(), BACKEND6);
  }

  @Test
  void error_quotesOptionsOfAnotherVip_isRefusedAsBefore() {
    byte[] quoted = withOptions(Packet.tcp(VIP4, 80, CLIENT4, 49152).payload(8).ip(), 4);
    assertDrops(Packet.icmp("192.0.2.1", VIP4, 3, 4).payload(quoted).frame());
    byte[] quoted6 = withHeader(Packet.tcp(VIP6, 80, CLIENT6, 49152).payload(8).ip(), 0, 16);
    assertPasses(Packet.icmp("2001:db8::1", VIP6, 2, 0).payload(quoted6).frame());
  }

  @Test
  void echoRequest_withOptions_isDropped() {
    byte[] ip = withOptions(Packet.echoRequest(CLIENT4, VIP4).ip(), 10);
    assertThat(dataplane.program().run(frame(ip)).verdict()).isEqualTo(Verdict.DROP);
  }
}
