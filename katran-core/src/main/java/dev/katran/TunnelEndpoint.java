package dev.katran;

/**
 * What happens to a packet from a tunnel that ends at the balancer, see {@link
 * LoadBalancer#tunnelEndpoints}. More constants may be added: a {@code switch} over this enum needs
 * a {@code default}.
 *
 * @since 0.1.0
 */
public enum TunnelEndpoint {
  /** Balances the inner packet as if it had arrived without the tunnel. */
  RECIRCULATE,
  /**
   * Sends the inner packet back to where the frame came from. GUE only: for IPIP the address is
   * treated as if it were not in the table.
   */
  EGRESS
}
