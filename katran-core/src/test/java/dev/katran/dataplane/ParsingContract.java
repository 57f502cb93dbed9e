package dev.katran.dataplane;

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

/** Which frames are balanced at all, and which pass or drop by what their headers say. */
abstract class ParsingContract extends DataplaneContract {

  /** The kinds of frames that are sent on, and how much of each is read before it is. */
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
  }

  @ParameterizedTest
  @EnumSource
  void aFrameCutShortInsideItsHeadersDropsAndAnyLongerOneIsSent(Kind kind) {
    serveEverything();
    for (int length = 14; length <= kind.frame().length; length++) {
      byte[] cut = Arrays.copyOf(kind.frame(), length);
      if (length < kind.needed) {
        assertDrops(cut);
      } else {
        assertThat(dataplane.run(cut).verdict()).as("%d bytes", length).isEqualTo(Verdict.TX);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFrameForNobodyHerePassesUnlessItIsCutShort(Kind kind) {
    for (int length = 14; length <= kind.frame().length; length++) {
      byte[] cut = Arrays.copyOf(kind.frame(), length);
      if (length < kind.needed) {
        assertDrops(cut);
      } else {
        assertPasses(cut);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theGivenFrameIsLeftAsItIs(Kind kind) {
    serveEverything();
    byte[] given = kind.frame();
    dataplane.run(given);
    assertThat(given).isEqualTo(kind.frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 3521, 9000})
  void aFrameThatNoTestRunTakesIsRefused(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> dataplane.run(new byte[length]))
        .withMessageContaining(String.valueOf(length));
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 60, 3520})
  void aFrameOfAnyOtherLengthIsTaken(int length) {
    assertPasses(new byte[length]);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x0806, 0x8100, 0x88cc, 0x0000, 0xffff})
  void otherEtherTypesPass(int etherType) {
    serveEverything();
    assertPasses(Packet.frame(etherType, Packet.tcp(CLIENT4, 49152, VIP4, 443).ip()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 4, 41, 47, 50, 58, 132, 255})
  void otherProtocolsInIpv4Pass(int protocol) {
    serveEverything();
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
    frame[NETWORK + 9] = (byte) protocol;
    // ICMP: the source port is read as the message's type, which is not one of ours
    assertPasses(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 41, 43, 50, 51, 59, 60, 255})
  void otherNextHeadersInIpv6Pass(int nextHeader) {
    serveEverything();
    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    frame[NETWORK + 6] = (byte) nextHeader;
    assertPasses(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 6, 15})
  void ipv4WithAnythingButAHeaderOfFiveWordsDrops(int words) {
    serveEverything();
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(40).frame();
    frame[NETWORK] = (byte) (0x40 | words);
    assertDrops(frame);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x2000, 0x0001, 0x1fff, 0x3fff, 0x6000})
  void fragmentsOfIpv4Drop(int flagsAndOffset) {
    serveEverything();
    assertDrops(withFragmentBits(flagsAndOffset));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x0000, 0x4000, 0x8000})
  void ipv4WithOtherFlagsIsNoFragment(int flags) {
    serveEverything();
    assertThat(dataplane.run(withFragmentBits(flags)).verdict()).isEqualTo(Verdict.TX);
  }

  private static byte[] withFragmentBits(int bits) {
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
    frame[NETWORK + 6] = (byte) (bits >> 8);
    frame[NETWORK + 7] = (byte) bits;
    return frame;
  }

  @Test
  void fragmentsOfIpv6Drop() {
    serveEverything();
    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    frame[NETWORK + 6] = 44;
    assertDrops(frame);
  }

  @Test
  void fragmentsForNobodyHereDropAsWell() {
    assertDrops(withFragmentBits(0x2000));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 11, 12, 13, 30})
  void otherIcmpMessagesPass(int type) {
    serveEverything();
    assertPasses(
        Packet.icmp("192.0.2.1", VIP4, type, 0)
            .payload(Packet.tcp(VIP4, 443, CLIENT4, 49152).ip())
            .frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 4, 8, 129, 133, 134, 135, 136})
  void otherIcmpv6MessagesPass(int type) {
    serveEverything();
    assertPasses(
        Packet.icmp("2001:db8::1", VIP6, type, 0)
            .payload(Packet.tcp(VIP6, 443, CLIENT6, 49152).ip())
            .frame());
  }

  static Stream<Packet> errorsAboutPing() {
    return Stream.of(
        Packet.icmp("192.0.2.1", VIP4, 3, 1).payload(Packet.echoRequest(VIP4, CLIENT4).ip()),
        Packet.icmp("2001:db8::1", VIP6, 1, 0).payload(Packet.echoRequest(VIP6, CLIENT6).ip()));
  }

  @ParameterizedTest
  @MethodSource
  void errorsAboutPing(Packet error) {
    serveEverything();
    assertPasses(error.frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0x46, 0x44, 0x4f})
  void anErrorThatQuotesOptionsDrops(int versionAndLength) {
    serveEverything();
    byte[] frame = Kind.ERROR4.frame();
    frame[NETWORK + 28] = (byte) versionAndLength;
    assertDrops(frame);
  }
}
