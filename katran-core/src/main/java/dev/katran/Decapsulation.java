package dev.katran;

/**
 * Which tunnels (IPIP, 6in4, 4in6, 6in6 and GUE) end at the balancer itself. More constants may be
 * added: a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum Decapsulation {
  /** None: tunnel packets pass to the host. */
  OFF,

  /**
   * All from {@linkplain LoadBalancerBuilder#tunnelSources tunnel sources}. A destination with a
   * {@link TunnelEndpoint} is handled accordingly; for all others the host gets the inner packet.
   */
  ANY,

  /**
   * Tunnels to destinations with a {@link TunnelEndpoint}, and tunnels to {@linkplain
   * LoadBalancerBuilder#sourceAddress our own addresses}, whose inner packets the host gets. All
   * others pass unchanged.
   */
  STRICT
}
