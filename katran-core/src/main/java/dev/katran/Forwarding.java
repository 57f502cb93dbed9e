package dev.katran;

import java.util.List;

/**
 * How packets reach a {@link Backend}: in a tunnel, rewritten in place, or as they are. Backends of
 * one {@link Vip} may differ.
 *
 * <p>More kinds may be added: a {@code switch} over this type needs a {@code default}.
 *
 * @since 0.1.0
 */
public sealed interface Forwarding {

  /**
   * Returns encapsulation in an IP header (RFC 2003, 2473 and 4213). The inner packet is unchanged,
   * and inner and outer header may each be IPv4 or IPv6. The outer source address is synthetic: a
   * fixed prefix and bits of the client's address and port.
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
   * Returns rewriting in place: the packet's destination becomes the backend's address and, if it
   * has one of its own, {@linkplain Backend#port port}. Packets do not get longer, and the backend
   * need not know the VIP. Its answers get the VIP's address back in the balancer, which they pass
   * on their way, or on the backend itself.
   *
   * <p>Needs a VIP of a single address, and backends of its family. As the way back follows from
   * the answer alone, an address and port belong to one VIP of a protocol.
   */
  static Forwarding rewrite() {
    return Rewrite.INSTANCE;
  }

  /**
   * Returns direct delivery: only the frame's MAC addresses change. Backends are on link, have the
   * VIP's address, and answer clients themselves.
   */
  static Forwarding direct() {
    return Direct.INSTANCE;
  }

  /**
   * Returns what it demands of backends and of the network, a sentence for each demand. {@link
   * LoadBalancer#diagnose} checks what can be seen from the balancer.
   */
  List<String> requirements();

  /**
   * See {@link #ipip()}.
   *
   * @since 0.1.0
   */
  enum Ipip implements Forwarding {
    /** The only instance. */
    INSTANCE;

    @Override
    public List<String> requirements() {
      return List.of(
          "the backend opens IP in IP tunnels: by Decapsulator, or by tunnel devices of its kernel, such as tunl0 and ip6tnl0, whose rp_filter is 0",
          ForwardingTexts.HAS_THE_VIP,
          ForwardingTexts.ANSWERS_ITSELF,
          "the way to the backend has room for 20 bytes more over IPv4, 40 over IPv6");
    }

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
    public List<String> requirements() {
      return List.of(
          "the backend opens GUE tunnels at the port that the balancer sends to: by Decapsulator, or by its kernel (ip fou add port 6080 gue) and tunnel devices whose rp_filter is 0",
          ForwardingTexts.HAS_THE_VIP,
          ForwardingTexts.ANSWERS_ITSELF,
          "the balancer has a sourceAddress of the backend's family",
          "the way to the backend has room for 28 bytes more over IPv4, 48 over IPv6");
    }

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
    public List<String> requirements() {
      return List.of(
          "the backend serves at its own address, of the VIP's family, and at its own port if it has one; it need not know the VIP",
          "answers of the backend get the VIP's address back: they pass the balancer, which is the backend's gateway or on its way to clients, or the backend has a SourceRestorer",
          "if they pass the balancer, its host forwards: sysctl net.ipv4.ip_forward=1, net.ipv6.conf.all.forwarding=1",
          "if the backend has a SourceRestorer, routers let packets from the VIP's address out of the backend's network",
          "an address and port of the backend is behind one rewriting VIP of a protocol only");
    }

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
    public List<String> requirements() {
      return List.of(
          "the backend is on link: no router is between the balancer and the backend",
          ForwardingTexts.HAS_THE_VIP,
          "the backend answers no ARP requests for the VIP: sysctl net.ipv4.conf.all.arp_ignore=1, net.ipv4.conf.all.arp_announce=2; over IPv6, an address on lo is not announced",
          "the backend serves at the VIP's port",
          ForwardingTexts.ANSWERS_ITSELF);
    }

    @Override
    public String toString() {
      return "DIRECT";
    }
  }
}
