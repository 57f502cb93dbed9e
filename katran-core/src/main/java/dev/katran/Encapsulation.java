package dev.katran;

/**
 * What packets are wrapped in on their way to a {@link Backend}. Both kinds leave the packet as it
 * is, and work for IPv4 and IPv6 in either; backends of one {@link Vip} may differ.
 */
public sealed interface Encapsulation {

  /**
   * An outer IP header and no more (RFC 2003, 2473 and 4213). Its source is made up, of a fixed
   * prefix and the client's address and port.
   */
  static Encapsulation ipip() {
    return Ipip.INSTANCE;
  }

  /**
   * An outer IP and a UDP header (GUE, variant 1). Networks that spread load by ports, and network
   * cards that do, then see one flow per client; its 8 bytes more must fit the path. The balancer
   * needs an outer source of the backend's family, see {@link LoadBalancerBuilder#sourceAddress}.
   */
  static Encapsulation gue() {
    return Gue.INSTANCE;
  }

  /** See {@link #ipip()}. */
  enum Ipip implements Encapsulation {
    /** The only one. */
    INSTANCE;

    @Override
    public String toString() {
      return "IPIP";
    }
  }

  /** See {@link #gue()}. */
  enum Gue implements Encapsulation {
    /** The only one. */
    INSTANCE;

    @Override
    public String toString() {
      return "GUE";
    }
  }
}
