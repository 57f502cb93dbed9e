package dev.katran.internal.packet;

/** Is notified of the "packet too big" messages that a {@link FrameParser} parses. */
@FunctionalInterface
public interface PathMtuListener {

  /**
   * Called for each ICMP "fragmentation needed" and ICMPv6 "packet too big".
   *
   * @param isIpv6 whether it is an ICMPv6 message
   * @param isSmall whether the MTU is below 1280, the minimum MTU of IPv6 (RFC 8200)
   */
  void tooBig(boolean isIpv6, boolean isSmall);
}
