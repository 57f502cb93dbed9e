package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.Decapsulator.Kind;
import dev.katran.Encapsulation;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.List;

/** A family of the VIP and one of its backends, and what is between them. */
enum Tunnel {
  IPV4_IN_IPV4(Site.VIP_IPV4, true, Kind.IPIP),
  IPV6_IN_IPV6(Site.VIP_IPV6, false, Kind.IPV6_IN_IPV6),
  IPV4_IN_IPV6(Site.VIP_IPV4, false, Kind.IPV4_IN_IPV6),
  IPV6_IN_IPV4(Site.VIP_IPV6, true, Kind.IPV6_IN_IPV4),
  IPV4_IN_UDP_IN_IPV4(Site.VIP_IPV4, true, Kind.GUE),
  IPV6_IN_UDP_IN_IPV6(Site.VIP_IPV6, false, Kind.GUE),
  IPV4_IN_UDP_IN_IPV6(Site.VIP_IPV4, false, Kind.GUE),
  IPV6_IN_UDP_IN_IPV4(Site.VIP_IPV6, true, Kind.GUE);

  private final String vip;
  private final boolean hasIpv4Backends;
  private final Kind kind;

  Tunnel(String vip, boolean hasIpv4Backends, Kind kind) {
    this.vip = vip;
    this.hasIpv4Backends = hasIpv4Backends;
    this.kind = kind;
  }

  /** A VIP that all servers of a site serve. */
  Vip vip(Site site, Protocol protocol) {
    return Vip.of(new VipKey(InetAddress.ofLiteral(vip), Site.PORT, protocol))
        .backends(backends(site))
        .build();
  }

  /** The servers of a site, in order. */
  List<Backend> backends(Site site) {
    return site.servers().stream().map(this::backend).toList();
  }

  Backend backend(Server server) {
    return Backend.of(hasIpv4Backends ? server.host().ipv4() : server.host().ipv6())
        .via(kind == Kind.GUE ? Encapsulation.gue() : Encapsulation.ipip());
  }

  /** What the decapsulators call it. */
  Kind kind() {
    return kind;
  }

  boolean hasIpv4Vip() {
    return vip.equals(Site.VIP_IPV4);
  }

  /** The longest datagram's payload that fits a packet of so many bytes. */
  int longestDatagram(int mtu) {
    return mtu - (hasIpv4Vip() ? 20 : 40) - 8;
  }

  /** What a datagram counts: the IPv4 total length, or the IPv6 payload length. */
  int countedBytes(int datagram) {
    return datagram + (hasIpv4Vip() ? 20 : 0) + 8;
  }
}
