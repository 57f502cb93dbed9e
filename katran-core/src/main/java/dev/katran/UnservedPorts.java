package dev.katran;

/**
 * Selects what happens to TCP and UDP packets for a VIP's address and a port that no VIP has.
 *
 * <p>More constants may be added: a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum UnservedPorts {
  /**
   * Passes the packets to this host, which may serve these ports. If it does not have the VIP's
   * address but forwards packets, it sends them back to the router that they came from.
   */
  PASS,

  /** Drops the packets. */
  DROP,

  /**
   * Answers as a host with closed ports does: TCP with a reset (RFC 9293, section 3.10.7.1), UDP
   * with ICMP "port unreachable" (RFC 1122, RFC 4443). Drops what must not be answered, and what
   * exceeds {@link LoadBalancerBuilder#answersPerSecond}.
   */
  REJECT
}
