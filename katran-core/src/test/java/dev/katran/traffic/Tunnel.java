package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.Decapsulator.Encapsulation;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.lab.Host;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Function;

/** A family of the VIP, and one of its backends. */
enum Tunnel {
  IPV4_IN_IPV4(Site.VIP_IPV4, Host::ipv4, Encapsulation.IPIP),
  IPV6_IN_IPV6(Site.VIP_IPV6, Host::ipv6, Encapsulation.IPV6_IN_IPV6),
  IPV4_IN_IPV6(Site.VIP_IPV4, Host::ipv6, Encapsulation.IPV4_IN_IPV6),
  IPV6_IN_IPV4(Site.VIP_IPV6, Host::ipv4, Encapsulation.IPV6_IN_IPV4);

  private final String vip;
  private final Function<Host, InetAddress> backendAddress;
  private final Encapsulation encapsulation;

  Tunnel(String vip, Function<Host, InetAddress> backendAddress, Encapsulation encapsulation) {
    this.vip = vip;
    this.backendAddress = backendAddress;
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
    return site.backends(backendAddress);
  }

  Backend backend(Server server) {
    return Backend.of(backendAddress.apply(server.host()));
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
  long countedBytes(int datagram) {
    return datagram + (hasIpv4Vip() ? 20 : 0) + 8;
  }
}
