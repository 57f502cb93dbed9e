package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV6_MIN_MTU;

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

  private TooBigReply() {}

  /**
   * Writes the reply over the frame. An IPv6 reply never states an MTU below 1280.
   *
   * @param mtu the length of the longest packet, in bytes
   */
  public static void write(Frame frame, boolean isIpv6, int mtu) {
    if (isIpv6) {
      int least = Math.max(mtu, IPV6_MIN_MTU);
      ErrorReply.write(frame, true, QUOTED_V6, ICMPV6_PACKET_TOO_BIG << 8, least);
    } else {
      ErrorReply.write(frame, false, QUOTED_V4, ICMP_UNREACHABLE << 8 | FRAGMENTATION_NEEDED, mtu);
    }
  }
}
