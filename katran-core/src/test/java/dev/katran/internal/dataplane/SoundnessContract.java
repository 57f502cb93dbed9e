package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.internal.net.MacAddress;
import dev.katran.packets.Packet;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose frames are balanced, and that lengths and versions in headers are not trusted. */
public abstract class SoundnessContract extends DataplaneContract {

  private static final int TCP4 = NETWORK + 20;
  private static final int TCP6 = NETWORK + 40;

  private long count(Counter.Total counter) {
    return dataplane.counters().read(counter).packets();
  }

  private static byte[] tcp4() {
    return Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
  }

  private static byte[] udp4(int payload) {
    return Packet.udp(CLIENT4, 49152, VIP4, 443).payload(payload).frame();
  }

  private static byte[] tcp6() {
    return Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
  }

  private static byte[] withShort(byte[] frame, int offset, int value) {
    frame[offset] = (byte) (value >> 8);
    frame[offset + 1] = (byte) value;
    return frame;
  }

  private void assertMalformed(byte[] frame) {
    long before = count(Counter.Total.MALFORMED);
    assertDrops(frame);
    assertThat(count(Counter.Total.MALFORMED)).isEqualTo(before + 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x05, 0x15, 0x55, 0x65, 0xf5})
  void ipv4_wrongVersion_isMalformed(int versionAndLength) {
    serveAllFamilies();
    byte[] frame = tcp4();
    frame[NETWORK] = (byte) versionAndLength;
    assertMalformed(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x40, 0x50, 0xf0})
  void ipv6_wrongVersion_isMalformed(int version) {
    serveAllFamilies();
    byte[] frame = tcp6();
    frame[NETWORK] = (byte) version;
    assertMalformed(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 19, 20, 39, 47, 65535})
  void ipv4_wrongTotalLength_isMalformed(int length) {
    serveAllFamilies();
    assertMalformed(withShort(Arrays.copyOf(tcp4(), 60), NETWORK + 2, length));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 19, 27, 65495, 65496, 65535})
  void ipv6_wrongPayloadLength_isMalformed(int length) {
    serveAllFamilies();
    assertMalformed(withShort(tcp6(), NETWORK + 4, length));
  }

  @Test
  void ipv4_paddedFrame_countsAndForwardsTheStatedLength() {
    serveAllFamilies();
    byte[] frame = Arrays.copyOf(tcp4(), 60);
    assertThat(dataplane.program().run(frame).verdict()).isEqualTo(Verdict.TX);
    assertThat(dataplane.counters().read(new Counter.OfVip(0, Counter.VipEvent.FORWARDED)))
        .isEqualTo(new Count(1, 40));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x40, 0x60, 0xf0})
  void tcp_wrongHeaderLength_isMalformed(int dataOffset) {
    serveAllFamilies();
    byte[] frame = tcp4();
    frame[TCP4 + 12] = (byte) dataOffset;
    assertMalformed(frame);
    frame = tcp6();
    frame[TCP6 + 12] = (byte) dataOffset;
    assertMalformed(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 13, 65535})
  void udp_wrongLength_isMalformed(int length) {
    serveAllFamilies();
    assertMalformed(withShort(udp4(4), TCP4 + 4, length));
  }

  @Test
  void malformedTransport_withoutVip_passes() {
    byte[] frame = tcp4();
    frame[TCP4 + 12] = 0;
    assertPasses(frame);
    assertPasses(withShort(udp4(4), TCP4 + 4, 0));
  }

  @Test
  void refused_forVip_countsTheReason() {
    serveAllFamilies();
    byte[] options = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(40).frame();
    options[NETWORK] = 0x46;
    assertDrops(options);
    assertDrops(withShort(tcp4(), NETWORK + 6, 0x2000));
    assertDrops(withShort(tcp4(), NETWORK + 6, 0x0001));
    byte[] fragment6 = tcp6();
    fragment6[NETWORK + 6] = 44;
    assertDrops(fragment6);

    assertThat(count(Counter.Total.IP_OPTIONS)).isEqualTo(1);
    assertThat(count(Counter.Total.FRAGMENTS)).isEqualTo(3);
    assertThat(count(Counter.Total.MALFORMED)).isZero();
  }

  @Test
  void refused_forPrefixVip_drops() {
    dataplane.program().use(new Features(0, false, true));
    dataplane.vips().answerPing(Destination.of(VipKey.tcp("203.0.113.0/24")), true);
    assertDrops(withShort(tcp4(), NETWORK + 6, 0x2000));
  }

  @Test
  void quicId_inPadding_isNotRead() {
    dataplane.program().use(new Features(VipFlags.QUIC, false, false));
    serve(udp(VIP4, 443), 1, VipFlags.QUIC, 1, BACKEND4);
    dataplane.backends().put(9, new BackendEntry(address("10.0.0.9"), HOP));
    dataplane.serverIds().put(Map.of(0x111, 9));
    // a short header whose id is server id 0x111: 01 + 14 bits
    byte[] quic = {0x40, 0x40, 0x44, 0x40, 0, 0, 0, 0, 0};
    byte[] whole = Packet.udp(CLIENT4, 49152, VIP4, 443).payload(quic).frame();
    assertThat(forwarded(whole).destination()).isEqualTo(address("10.0.0.9"));

    byte[] padded = Arrays.copyOf(udp4(1), 60);
    System.arraycopy(quic, 0, padded, TCP4 + 8, quic.length);
    byte[] sent = dataplane.program().run(padded).frame();
    assertThat(Arrays.copyOfRange(sent, NETWORK + 16, NETWORK + 20))
        .isEqualTo(address(BACKEND4).getAddress());

    byte[] shortUdp = withShort(whole.clone(), TCP4 + 4, 8 + 8);
    assertThat(forwarded(shortUdp).destination()).isEqualTo(address(BACKEND4));
  }

  @ParameterizedTest
  @CsvSource({"ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01", "03:00:00:00:00:01"})
  void frame_toGroupAddress_passes(String mac) {
    serveAllFamilies();
    assertPasses(addressedTo(mac, tcp4()));
    assertPasses(addressedTo(mac, Packet.echoRequest(CLIENT4, VIP4).frame()));
  }

  @Test
  void frame_toForeignAddress_isForwardedIfOurOwnIsUnknown() {
    serveAllFamilies();
    byte[] frame = addressedTo("02:00:00:00:00:77", tcp4());
    assertThat(dataplane.program().run(frame).verdict()).isEqualTo(Verdict.TX);
  }

  private static byte[] addressedTo(String mac, byte[] frame) {
    System.arraycopy(MacAddress.parse(mac).toBytes(), 0, frame, 0, 6);
    return frame;
  }
}
