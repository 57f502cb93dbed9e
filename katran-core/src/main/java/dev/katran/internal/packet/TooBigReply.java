package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.ICMP_HEADER;
import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_MIN_MTU;
import static dev.katran.internal.packet.Frame.NETWORK;

/**
 * Replies to a packet that is too big to forward, with the VIP as the sender: ICMP "fragmentation
 * needed" (RFC 1191) or ICMPv6 "packet too big" (RFC 8201); {@code too_big.h} in Java.
 */
public final class TooBigReply {

  private static final int ICMP_UNREACHABLE = 3;
  private static final int FRAGMENTATION_NEEDED = 4;
  private static final int ICMPV6_PACKET_TOO_BIG = 2;

  private static final int QUOTED_V4 = 84;
  private static final int QUOTED_V6 = 248;
  private static final int TTL = 64;

  private TooBigReply() {}

  /**
   * Writes the reply over the frame. An IPv6 reply never states an MTU below 1280.
   *
   * @param mtu the length of the longest packet, in bytes
   */
  public static void write(Frame frame, boolean isIpv6, int mtu) {
    if (isIpv6) {
      writeIpv6(frame, Math.max(mtu, IPV6_MIN_MTU));
    } else {
      writeIpv4(frame, mtu);
    }
  }

  private static void writeIpv4(Frame frame, int mtu) {
    Address client = frame.ipv4Address(NETWORK + 12);
    Address vip = frame.ipv4Address(NETWORK + 16);
    int icmp = NETWORK + IPV4_HEADER;
    int message = ICMP_HEADER + QUOTED_V4;
    frame.turnIntoQuote(QUOTED_V4, IPV4_HEADER + ICMP_HEADER);
    frame.putShort(NETWORK, 0x4500);
    frame.putShort(NETWORK + 2, IPV4_HEADER + message);
    frame.putInt(NETWORK + 4, 0);
    frame.putByte(NETWORK + 8, TTL);
    frame.putByte(NETWORK + 9, FiveTuple.ICMP);
    frame.putShort(NETWORK + 10, 0);
    frame.putAddress(NETWORK + 12, vip);
    frame.putAddress(NETWORK + 16, client);
    frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
    putIcmp(frame, icmp, ICMP_UNREACHABLE << 8 | FRAGMENTATION_NEEDED, mtu);
    frame.putShort(icmp + 2, Checksum.of(frame, icmp, message));
  }

  private static void writeIpv6(Frame frame, int mtu) {
    Address client = frame.ipv6Address(NETWORK + 8);
    Address vip = frame.ipv6Address(NETWORK + 24);
    int icmp = NETWORK + IPV6_HEADER;
    int message = ICMP_HEADER + QUOTED_V6;
    frame.turnIntoQuote(QUOTED_V6, IPV6_HEADER + ICMP_HEADER);
    frame.putInt(NETWORK, 6 << 28);
    frame.putShort(NETWORK + 4, message);
    frame.putByte(NETWORK + 6, FiveTuple.ICMPV6);
    frame.putByte(NETWORK + 7, TTL);
    frame.putAddress(NETWORK + 8, vip);
    frame.putAddress(NETWORK + 24, client);
    putIcmp(frame, icmp, ICMPV6_PACKET_TOO_BIG << 8, mtu);
    int pseudoHeader = vip.sum() + client.sum() + message + FiveTuple.ICMPV6;
    frame.putShort(icmp + 2, Checksum.ofSum(pseudoHeader + Checksum.sum(frame, icmp, message)));
  }

  private static void putIcmp(Frame frame, int icmp, int typeAndCode, int mtu) {
    frame.putShort(icmp, typeAndCode);
    frame.putShort(icmp + 2, 0);
    frame.putInt(icmp + 4, mtu);
  }
}
