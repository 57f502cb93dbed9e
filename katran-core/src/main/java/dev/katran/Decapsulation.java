package dev.katran;

/** Which tunnels (IPIP, 6in4 and the like, and GUE) end at a balancer itself. */
public enum Decapsulation {
  /** None: what comes in a tunnel is for the host. */
  OFF,

  /**
   * All: to an address that has a {@link TunnelEnd} as that says; to any other, for the host, which
   * gets the packet without the tunnel.
   */
  ANY,

  /**
   * Those to an address that has a {@link TunnelEnd}, and those to {@linkplain
   * LoadBalancerBuilder#sourceAddress our own addresses} for the host, which gets the packet
   * without the tunnel. All others pass untouched.
   */
  STRICT
}
