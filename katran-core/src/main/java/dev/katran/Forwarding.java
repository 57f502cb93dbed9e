package dev.katran;

/**
 * How packets are encapsulated on their way to a {@link Backend}. The inner packet is unchanged,
 * and inner and outer header may each be IPv4 or IPv6. Backends of one {@link Vip} may differ.
 *
 * <p>More kinds may be added: a {@code switch} over this type needs a {@code default}.
 *
 * @since 0.1.0
 */
public sealed interface Forwarding {

  /**
   * Returns encapsulation in an IP header (RFC 2003, 2473 and 4213). The outer source address is
   * synthetic: a fixed prefix and bits of the client's address and port.
   */
  static Forwarding ipip() {
    return Ipip.INSTANCE;
  }

  /**
   * Returns encapsulation in an IP and a UDP header (GUE, variant 1). ECMP routers and network
   * cards that hash ports then spread clients evenly. Takes 8 bytes more than IPIP. The balancer
   * needs an outer source of the backend's family, see {@link LoadBalancerBuilder#sourceAddress}.
   */
  static Forwarding gue() {
    return Gue.INSTANCE;
  }

  /**
   * Returns rewriting in place: the packet's destination becomes the backend, which answers through
   * the balancer or rewrites its answers itself.
   */
  static Forwarding rewrite() {
    return Rewrite.INSTANCE;
  }

  /** Returns direct delivery: only the frame's MAC addresses change. */
  static Forwarding direct() {
    return Direct.INSTANCE;
  }

  /**
   * See {@link #ipip()}.
   *
   * @since 0.1.0
   */
  enum Ipip implements Forwarding {
    /** The only instance. */
    INSTANCE;

    @Override
    public String toString() {
      return "IPIP";
    }
  }

  /**
   * See {@link #gue()}.
   *
   * @since 0.1.0
   */
  enum Gue implements Forwarding {
    /** The only instance. */
    INSTANCE;

    @Override
    public String toString() {
      return "GUE";
    }
  }

  /**
   * See {@link #rewrite()}.
   *
   * @since 0.1.0
   */
  enum Rewrite implements Forwarding {
    /** The only instance. */
    INSTANCE;

    @Override
    public String toString() {
      return "REWRITE";
    }
  }

  /**
   * See {@link #direct()}.
   *
   * @since 0.1.0
   */
  enum Direct implements Forwarding {
    /** The only instance. */
    INSTANCE;

    @Override
    public String toString() {
      return "DIRECT";
    }
  }
}
