package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.Protocol;
import dev.katran.TunnelKind;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.List;

/** A combination of the address families of VIP and backends with an encapsulation. */
enum TunnelCase {
  IPV4_IN_IPV4(Testbed.VIP_IPV4, true, TunnelKind.IPIP),
  IPV6_IN_IPV6(Testbed.VIP_IPV6, false, TunnelKind.IPV6_IN_IPV6),
  IPV4_IN_IPV6(Testbed.VIP_IPV4, false, TunnelKind.IPV4_IN_IPV6),
  IPV6_IN_IPV4(Testbed.VIP_IPV6, true, TunnelKind.IPV6_IN_IPV4),
  IPV4_IN_UDP_IN_IPV4(Testbed.VIP_IPV4, true, TunnelKind.GUE),
  IPV6_IN_UDP_IN_IPV6(Testbed.VIP_IPV6, false, TunnelKind.GUE),
  IPV4_IN_UDP_IN_IPV6(Testbed.VIP_IPV4, false, TunnelKind.GUE),
  IPV6_IN_UDP_IN_IPV4(Testbed.VIP_IPV6, true, TunnelKind.GUE);

  private final String vip;
  private final boolean hasIpv4Backends;
  private final TunnelKind kind;

  TunnelCase(String vip, boolean hasIpv4Backends, TunnelKind kind) {
    this.vip = vip;
    this.hasIpv4Backends = hasIpv4Backends;
    this.kind = kind;
  }

  /** Returns a VIP with all servers of a testbed as backends. */
  Vip vip(Testbed testbed, Protocol protocol) {
    return Vip.of(VipKey.of(protocol, InetAddress.ofLiteral(vip), Testbed.PORT))
        .backends(backends(testbed))
        .build();
  }

  /** Returns the servers of a testbed as backends, in order. */
  List<Backend> backends(Testbed testbed) {
    return testbed.servers().stream().map(this::backend).toList();
  }

  Backend backend(Server server) {
    return Backend.of(hasIpv4Backends ? server.host().ipv4() : server.host().ipv6())
        .via(kind == TunnelKind.GUE ? Forwarding.gue() : Forwarding.ipip());
  }

  /** Returns the kind by which decapsulators count these packets. */
  TunnelKind kind() {
    return kind;
  }

  boolean hasIpv4Vip() {
    return vip.equals(Testbed.VIP_IPV4);
  }

  /** Returns the length of the longest UDP payload that fits an MTU. */
  int longestDatagram(int mtu) {
    return mtu - (hasIpv4Vip() ? 20 : 40) - 8;
  }

  /** Returns the counted bytes of a datagram: the IPv4 total length or the IPv6 payload length. */
  int countedBytes(int datagram) {
    return datagram + (hasIpv4Vip() ? 20 : 0) + 8;
  }
}
