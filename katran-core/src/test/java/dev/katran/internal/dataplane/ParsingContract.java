package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.Verdict;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which frames the program forwards, passes to the stack or drops because of their headers. */
public abstract class ParsingContract extends DataplaneContract {

  /** The kinds of frames that are forwarded, and how many bytes of each the program must read. */
  enum Kind {
    TCP4(Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(9).frame(), 14 + 20 + 20),
    UDP4(Packet.udp(CLIENT4, 49152, VIP4, 443).payload(9).frame(), 14 + 20 + 8),
    TCP6(Packet.tcp(CLIENT6, 49152, VIP6, 443).payload(9).frame(), 14 + 40 + 20),
    UDP6(Packet.udp(CLIENT6, 49152, VIP6, 443).payload(9).frame(), 14 + 40 + 8),
    ECHO4(Packet.echoRequest(CLIENT4, VIP4).frame(), 14 + 20 + 8),
    ECHO6(Packet.echoRequest(CLIENT6, VIP6).frame(), 14 + 40 + 8),
    ERROR4(
        Packet.icmp("192.0.2.1", VIP4, 3, 4)
            .payload(Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(9).ip())
            .frame(),
        14 + 20 + 8 + 20 + 8),
    ERROR6(
        Packet.icmp("2001:db8::1", VIP6, 2, 0)
            .payload(Packet.udp(VIP6, 443, CLIENT6, 49152).payload(9).ip())
            .frame(),
        14 + 40 + 8 + 40 + 8);

    private final String hex;
    final int needed;

    Kind(byte[] frame, int needed) {
      this.hex = Hex.of(frame);
      this.needed = needed;
    }

    byte[] frame() {
      return Hex.decode(hex);
    }

    int transport() {
      return NETWORK + (isIpv6() ? 40 : 20);
    }

    private boolean isIpv6() {
      return frame()[12] == (byte) 0x86;
    }

    /**
     * Returns the frame with a packet that ends after this many bytes, as all its lengths state.
     */
    byte[] shortened(int length) {
      byte[] frame = Arrays.copyOf(frame(), length);
      if (isIpv6()) {
        putShort(frame, NETWORK + 4, length - transport());
      } else {
        putShort(frame, NETWORK + 2, length - NETWORK);
      }
      boolean isUdp = frame[NETWORK + (isIpv6() ? 6 : 9)] == 17;
      if (isUdp && length >= transport() + 6) {
        putShort(frame, transport() + 4, length - transport());
      }
      return frame;
    }

    private static void putShort(byte[] frame, int offset, int value) {
      frame[offset] = (byte) (value >> 8);
      frame[offset + 1] = (byte) value;
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_truncatedFrame_dropsForAnyDestination(Kind kind) {
    for (int length = 14; length < kind.frame().length; length++) {
      assertDrops(Arrays.copyOf(kind.frame(), length));
    }
    serveAllFamilies();
    for (int length = 14; length < kind.frame().length; length++) {
      assertDrops(Arrays.copyOf(kind.frame(), length));
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_shortPacketForVip_dropsIfHeadersAreIncomplete(Kind kind) {
    serveAllFamilies();
    for (int length = kind.transport(); length <= kind.frame().length; length++) {
      byte[] frame = kind.shortened(length);
      assertThat(dataplane.program().run(frame).verdict())
          .as("%d bytes", length)
          .isEqualTo(length < kind.needed ? Verdict.DROP : Verdict.TX);
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_shortPacketWithoutVip_passes(Kind kind) {
    for (int length = kind.transport(); length <= kind.frame().length; length++) {
      assertPasses(kind.shortened(length));
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_frame_leavesArgumentUnchanged(Kind kind) {
    serveAllFamilies();
    byte[] given = kind.frame();
    dataplane.program().run(given);
    assertThat(given).isEqualTo(kind.frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 3521, 9000})
  void run_unsupportedLength_throws(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> dataplane.program().run(new byte[length]))
        .withMessageContaining(String.valueOf(length));
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 60, 3520})
  void run_supportedLength_succeeds(int length) {
    assertPasses(new byte[length]);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x0806, 0x8100, 0x88cc, 0x0000, 0xffff})
  void run_otherEtherType_passes(int etherType) {
    serveAllFamilies();
    assertPasses(Packet.frame(etherType, Packet.tcp(CLIENT4, 49152, VIP4, 443).ip()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 4, 41, 47, 50, 58, 132, 255})
  void run_otherIpv4Protocol_passes(int protocol) {
    serveAllFamilies();
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
    frame[NETWORK + 9] = (byte) protocol;
    // for ICMP the source port is read as the message type, which the program ignores
    assertPasses(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 41, 43, 50, 51, 59, 60, 255})
  void run_otherIpv6NextHeader_passes(int nextHeader) {
    serveAllFamilies();
    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    frame[NETWORK + 6] = (byte) nextHeader;
    assertPasses(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 6, 15})
  void run_ipv4HeaderLengthNotFiveWords_drops(int words) {
    serveAllFamilies();
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(40).frame();
    frame[NETWORK] = (byte) (0x40 | words);
    assertDrops(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x2000, 0x0001, 0x1fff, 0x3fff, 0x6000})
  void run_ipv4Fragment_drops(int flagsAndOffset) {
    serveAllFamilies();
    assertDrops(withFragmentBits(flagsAndOffset));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x0000, 0x4000, 0x8000})
  void run_ipv4OtherFlags_isForwarded(int flags) {
    serveAllFamilies();
    assertThat(dataplane.program().run(withFragmentBits(flags)).verdict()).isEqualTo(Verdict.TX);
  }

  private static byte[] withFragmentBits(int bits) {
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
    frame[NETWORK + 6] = (byte) (bits >> 8);
    frame[NETWORK + 7] = (byte) bits;
    return frame;
  }

  @Test
  void run_ipv6Fragment_drops() {
    serveAllFamilies();
    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    frame[NETWORK + 6] = 44;
    assertDrops(frame);
  }

  @Test
  void run_fragmentWithoutVip_passes() {
    assertPasses(withFragmentBits(0x2000));
    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    frame[NETWORK + 6] = 44;
    assertPasses(frame);
  }

  @Test
  void run_ipv4OptionsWithoutVip_passes() {
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(40).frame();
    frame[NETWORK] = 0x46;
    assertPasses(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 10, 13, 30})
  void run_otherIcmpType_passes(int type) {
    serveAllFamilies();
    assertPasses(
        Packet.icmp("192.0.2.1", VIP4, type, 0)
            .payload(Packet.tcp(VIP4, 443, CLIENT4, 49152).ip())
            .frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 8, 129, 133, 134, 135, 136})
  void run_otherIcmpv6Type_passes(int type) {
    serveAllFamilies();
    assertPasses(
        Packet.icmp("2001:db8::1", VIP6, type, 0)
            .payload(Packet.tcp(VIP6, 443, CLIENT6, 49152).ip())
            .frame());
  }

  static Stream<Packet> errorsQuotingEcho() {
    return Stream.of(
        Packet.icmp("192.0.2.1", VIP4, 3, 1).payload(Packet.echoRequest(VIP4, CLIENT4).ip()),
        Packet.icmp("2001:db8::1", VIP6, 1, 0).payload(Packet.echoRequest(VIP6, CLIENT6).ip()));
  }

  @ParameterizedTest
  @MethodSource("errorsQuotingEcho")
  void run_errorQuotingEcho_passes(Packet error) {
    serveAllFamilies();
    assertPasses(error.frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0x46, 0x44, 0x4f})
  void run_errorQuotingOtherHeaderLength_drops(int versionAndLength) {
    serveAllFamilies();
    byte[] frame = Kind.ERROR4.frame();
    frame[NETWORK + 28] = (byte) versionAndLength;
    assertDrops(frame);
  }
}
