package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;

/**
 * Replies to a packet that has no hop left, with the VIP as the sender: ICMP "time to live exceeded
 * in transit" (RFC 792) or ICMPv6 "hop limit exceeded in transit" (RFC 4443); {@code
 * time_exceeded.h} in Java.
 */
public final class TimeExceededReply {

  private static final int ICMP_TIME_EXCEEDED = 11;
  private static final int ICMPV6_TIME_EXCEEDED = 3;

  /** What any packet has behind its IP header. */
  private static final int QUOTED_TRANSPORT = 8;

  private TimeExceededReply() {}

  /** Writes the reply over the frame. */
  public static void write(Frame frame, boolean isIpv6) {
    int quoted = (isIpv6 ? IPV6_HEADER : IPV4_HEADER) + QUOTED_TRANSPORT;
    int type = isIpv6 ? ICMPV6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED;
    ErrorReply.write(frame, isIpv6, quoted, type << 8, 0);
  }
}
