package dev.katran;

/** What becomes of a packet that came in a tunnel which ends at the balancer. */
public enum TunnelEnd {
  /** It is balanced, as if it had come in without the tunnel. */
  RECIRCULATE,

  /**
   * It is sent back to where the frame came from. For GUE only; what comes in IPIP to such an
   * address is treated as if the address were not listed.
   */
  EGRESS
}
