package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.Decapsulator.Encapsulation;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.List;

/** A family of the VIP, and one of its backends. */
enum Tunnel {
  IPV4_IN_IPV4(Site.VIP_IPV4, true, Encapsulation.IPIP),
  IPV6_IN_IPV6(Site.VIP_IPV6, false, Encapsulation.IPV6_IN_IPV6),
  IPV4_IN_IPV6(Site.VIP_IPV4, false, Encapsulation.IPV4_IN_IPV6),
  IPV6_IN_IPV4(Site.VIP_IPV6, true, Encapsulation.IPV6_IN_IPV4);

  private final String vip;
  private final boolean hasIpv4Backends;
  private final Encapsulation encapsulation;

  Tunnel(String vip, boolean hasIpv4Backends, Encapsulation encapsulation) {
    this.vip = vip;
    this.hasIpv4Backends = hasIpv4Backends;
    this.encapsulation = encapsulation;
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
    return Backend.of(hasIpv4Backends ? server.host().ipv4() : server.host().ipv6());
  }

  Encapsulation encapsulation() {
    return encapsulation;
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
