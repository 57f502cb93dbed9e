package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Verdict;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ICMP errors about flows of VIPs, and answers with ICMP. */
public abstract class IcmpContract extends DataplaneContract {

  private static final int ANSWERS_PER_SECOND = 3;

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.answersPerSecond = ANSWERS_PER_SECOND;
      c.sendPacketTooBig = true;
      c.limits = c.limits.maxPacketSize(1000);
    });
  }

  private static byte[] quoted4() {
    return Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(8).ip();
  }

  private static byte[] quoted6() {
    return Packet.udp(VIP6, 443, CLIENT6, 49152).payload(8).ip();
  }

  private static byte[] error4(String destination, int type, byte[] quoted) {
    return Packet.icmp("192.0.2.1", destination, type, 0).payload(quoted).frame();
  }

  private static byte[] error6(String destination, int type, byte[] quoted) {
    return Packet.icmp("2001:db8::1", destination, type, 0).payload(quoted).frame();
  }

  /** Inserts a fragment header behind the IPv6 header. */
  private static byte[] fragment6(byte[] ip, int offsetAndFlags) {
    byte[] header = {ip[6], 0, (byte) (offsetAndFlags >> 8), (byte) offsetAndFlags, 1, 2, 3, 4};
    byte[] fragment = new byte[ip.length + header.length];
    System.arraycopy(ip, 0, fragment, 0, 40);
    System.arraycopy(header, 0, fragment, 40, header.length);
    System.arraycopy(ip, 40, fragment, 48, ip.length - 40);
    fragment[6] = 44;
    ByteBuffer.wrap(fragment).putShort(4, (short) (fragment.length - 40));
    return fragment;
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 11, 12})
  void error_aboutFlowOfVip_goesToItsBackend(int type) {
    serveAllFamilies();
    assertThat(forwarded(error4(VIP4, type, quoted4())).destination()).isEqualTo(address(BACKEND4));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void errorV6_aboutFlowOfVip_goesToItsBackend(int type) {
    serveAllFamilies();
    assertThat(forwarded(error6(VIP6, type, quoted6())).destination()).isEqualTo(address(BACKEND6));
  }

  @Test
  void error_forAnotherAddressThanTheQuotedSource_passes() {
    serveAllFamilies();
    assertPasses(error4("203.0.113.99", 3, quoted4()));
    assertPasses(error6("2001:db8:5::99", 2, quoted6()));
  }

  @Test
  void error_quotedLaterFragment_passes() {
    serveAllFamilies();
    byte[] fragment = quoted4();
    ByteBuffer.wrap(fragment).putShort(6, (short) 0x2001);
    assertPasses(error4(VIP4, 3, fragment));
    assertPasses(error6(VIP6, 2, fragment6(quoted6(), 0x0011)));
  }

  @Test
  void error_quotedFirstFragment_goesToItsBackend() {
    serveAllFamilies();
    byte[] fragment = quoted4();
    ByteBuffer.wrap(fragment).putShort(6, (short) 0x2000);
    assertThat(forwarded(error4(VIP4, 3, fragment)).destination()).isEqualTo(address(BACKEND4));
    assertThat(forwarded(error6(VIP6, 2, fragment6(quoted6(), 0x0001))).destination())
        .isEqualTo(address(BACKEND6));
  }

  @Test
  void error_quotedWrongVersion_isMalformed() {
    serveAllFamilies();
    byte[] quoted = quoted4();
    quoted[0] = 0x65;
    assertDrops(error4(VIP4, 3, quoted));
    quoted = quoted6();
    quoted[0] = 0x40;
    assertDrops(error6(VIP6, 2, quoted));
    assertThat(dataplane.counters().read(Counter.Total.MALFORMED).packets()).isEqualTo(2);
  }

  @Test
  void error_quotedPortsInPadding_areNotRead() {
    serveAllFamilies();
    byte[] frame = error4(VIP4, 3, Arrays.copyOf(quoted4(), 20));
    byte[] padded = Arrays.copyOf(frame, frame.length + 8);
    System.arraycopy(quoted4(), 20, padded, frame.length, 8);
    assertDrops(padded);
  }

  @Test
  void error_aboutTrackedFlow_makesNoEntry() {
    dataplane.program().use(new Features(VipFlags.TRACKED, false, false));
    serve(tcp(VIP4, 443), 0, VipFlags.TRACKED, 1, BACKEND4);
    forwarded(error4(VIP4, 3, quoted4()));
    dataplane
        .flows()
        .forEach(entry -> {
          throw new AssertionError(entry);
        });
  }

  @ParameterizedTest
  @CsvSource({"0", "8", "20"})
  void error_aboutQuicConnection_followsTheQuotedSourceId(int destinationIdLength) {
    serveQuic();
    assertThat(forwarded(error4(VIP4, 3, serverHello(destinationIdLength, 8))).destination())
        .isEqualTo(address("10.0.0.9"));
  }

  @Test
  void error_aboutQuicConnectionWithoutUsableId_followsTheRing() {
    serveQuic();
    assertThat(forwarded(error4(VIP4, 3, serverHello(21, 8))).destination())
        .isEqualTo(address(BACKEND4));
    assertThat(forwarded(error4(VIP4, 3, serverHello(8, 7))).destination())
        .isEqualTo(address(BACKEND4));
    byte[] truncated = serverHello(8, 8);
    assertThat(
            forwarded(error4(VIP4, 3, Arrays.copyOf(truncated, truncated.length - 1)))
                .destination())
        .isEqualTo(address(BACKEND4));
    assertThat(dataplane.counters().read(Counter.Total.QUIC_ICMP).packets()).isEqualTo(3);
  }

  private void serveQuic() {
    dataplane.program().use(new Features(VipFlags.QUIC, false, false));
    serve(udp(VIP4, 443), 0, VipFlags.QUIC, 1, BACKEND4);
    dataplane.backends().put(9, new BackendEntry(address("10.0.0.9"), HOP));
    dataplane.serverIds().put(Map.of(0x111, 9));
  }

  /** Returns a server's long header packet whose source id holds server id 0x111, and no more. */
  private static byte[] serverHello(int destinationIdLength, int sourceIdLength) {
    ByteBuffer quic = ByteBuffer.allocate(6 + destinationIdLength + 1 + 8);
    quic.put((byte) 0xe0).putInt(1).put((byte) destinationIdLength);
    quic.position(6 + destinationIdLength);
    quic.put((byte) sourceIdLength).put(new byte[] {0x40, 0x44, 0x40, 0, 0, 0, 0, 0});
    return Packet.udp(VIP4, 443, CLIENT4, 49152).payload(quic.array()).ip();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255", VIP4})
  void echoAndTooBig_sourceIsNoOtherHost_areNotAnswered(String source) {
    serveAllFamilies();
    assertDrops(Packet.echoRequest(source, VIP4).frame());
    assertDrops(Packet.udp(source, 49152, VIP4, 443).payload(1000).frame());
  }

  @ParameterizedTest
  @ValueSource(strings = {"::", "::1", "ff02::1", VIP6})
  void echoAndTooBigV6_sourceIsNoOtherHost_areNotAnswered(String source) {
    serveAllFamilies();
    assertDrops(Packet.echoRequest(source, VIP6).frame());
    assertDrops(Packet.udp(source, 49152, VIP6, 443).payload(1000).frame());
  }

  @Test
  void echoReplies_budgetSpent_areDroppedAndCounted() {
    serveAllFamilies();
    byte[] request = Packet.echoRequest(CLIENT4, VIP4).frame();
    assertAnsweredAtMost(request);
  }

  @Test
  void tooBig_budgetSpent_isDroppedAndCounted() {
    serveAllFamilies();
    assertAnsweredAtMost(Packet.udp(CLIENT6, 49152, VIP6, 443).payload(1000).frame());
  }

  /** The budget is that of a second: this takes much less, but a second may end meanwhile. */
  private void assertAnsweredAtMost(byte[] frame) {
    int answered = 0;
    for (int i = 0; i < 30; i++) {
      answered += dataplane.program().run(frame).verdict() == Verdict.TX ? 1 : 0;
    }
    assertThat(answered).isBetween(ANSWERS_PER_SECOND, 2 * ANSWERS_PER_SECOND);
    assertThat(dataplane.counters().read(Counter.Total.ANSWERS_LIMITED).packets())
        .isEqualTo(30 - answered);
  }

  @Test
  void tooBigV6_smallMaximum_statesNoMtuBelow1280() {
    serveAllFamilies();
    byte[] reply =
        dataplane
            .program()
            .run(Packet.udp(CLIENT6, 49152, VIP6, 443).payload(1300).frame())
            .frame();
    assertThat(ByteBuffer.wrap(reply).getInt(NETWORK + 40 + 4)).isEqualTo(1280);
  }
}
