package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.ICMP_HEADER;
import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;

/**
 * Replies to a packet with an ICMP error (RFC 792) or ICMPv6 error (RFC 4443), with the VIP as the
 * sender; {@code error.h} in Java.
 */
final class ErrorReply {

  private static final int TTL = 64;

  private ErrorReply() {}

  /**
   * Writes the reply over the frame.
   *
   * @param quoted how many bytes of the packet are quoted, an even number
   * @param typeAndCode the first two bytes of the message
   * @param rest the second word of the message
   */
  static void write(Frame frame, boolean isIpv6, int quoted, int typeAndCode, int rest) {
    if (isIpv6) {
      writeIpv6(frame, quoted, typeAndCode, rest);
    } else {
      writeIpv4(frame, quoted, typeAndCode, rest);
    }
  }

  private static void writeIpv4(Frame frame, int quoted, int typeAndCode, int rest) {
    Address client = frame.ipv4Address(NETWORK + 12);
    Address vip = frame.ipv4Address(NETWORK + 16);
    int icmp = NETWORK + IPV4_HEADER;
    int message = ICMP_HEADER + quoted;
    frame.turnIntoQuote(quoted, IPV4_HEADER + ICMP_HEADER);
    frame.putShort(NETWORK, 0x4500);
    frame.putShort(NETWORK + 2, IPV4_HEADER + message);
    frame.putInt(NETWORK + 4, 0);
    frame.putByte(NETWORK + 8, TTL);
    frame.putByte(NETWORK + 9, FiveTuple.ICMP);
    frame.putShort(NETWORK + 10, 0);
    frame.putAddress(NETWORK + 12, vip);
    frame.putAddress(NETWORK + 16, client);
    frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
    putIcmp(frame, icmp, typeAndCode, rest);
    frame.putShort(icmp + 2, Checksum.of(frame, icmp, message));
  }

  private static void writeIpv6(Frame frame, int quoted, int typeAndCode, int rest) {
    Address client = frame.ipv6Address(NETWORK + 8);
    Address vip = frame.ipv6Address(NETWORK + 24);
    int icmp = NETWORK + IPV6_HEADER;
    int message = ICMP_HEADER + quoted;
    frame.turnIntoQuote(quoted, IPV6_HEADER + ICMP_HEADER);
    frame.putInt(NETWORK, 6 << 28);
    frame.putShort(NETWORK + 4, message);
    frame.putByte(NETWORK + 6, FiveTuple.ICMPV6);
    frame.putByte(NETWORK + 7, TTL);
    frame.putAddress(NETWORK + 8, vip);
    frame.putAddress(NETWORK + 24, client);
    putIcmp(frame, icmp, typeAndCode, rest);
    int pseudoHeader = vip.sum() + client.sum() + message + FiveTuple.ICMPV6;
    frame.putShort(icmp + 2, Checksum.ofSum(pseudoHeader + Checksum.sum(frame, icmp, message)));
  }

  private static void putIcmp(Frame frame, int icmp, int typeAndCode, int rest) {
    frame.putShort(icmp, typeAndCode);
    frame.putShort(icmp + 2, 0);
    frame.putInt(icmp + 4, rest);
  }
}
