package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.lab.Host;
import dev.katran.lab.HostOptions;
import dev.katran.lab.Lab;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * A way for connections to reach backends, on its own host.
 *
 * @param name the name in the results
 * @param target the address that clients connect to
 * @param end closes what must be closed before the hosts
 */
record ConnectionPath(String name, InetSocketAddress target, Runnable end) {

  /** Leaves room for the outer header on the way to the backends. */
  static final HostOptions FABRIC = HostOptions.DEFAULT.mtu(1600);

  /** Returns the direct path, which gives the upper bound of client and server. */
  static ConnectionPath direct(String name, BackendServer server) {
    return to(name, server.address(), () -> {});
  }

  /** Starts the balancer; the backends answer the client directly. */
  static ConnectionPath balancer(String name, Lab lab, List<InetAddress> backends)
      throws Exception {
    Host host = lab.host("balancer", FABRIC);
    LoadBalancer lb = host.call(() -> LoadBalancer.on(Host.INTERFACE).open());
    lb.put(
        Services.vip(
            Family.V4,
            0,
            Tracking.ADAPTIVE,
            backends.stream().map(each -> Backend.of(each).via(Forwarding.ipip())).toList()));
    InetAddress vip = InetAddress.ofLiteral(Family.V4.vip(0));
    lab.route(vip.getHostAddress() + "/32", host);
    return to(name, vip, lb::close);
  }

  /** Starts destination NAT by nftables; answers return through it. */
  static ConnectionPath nftables(String name, Lab lab, List<InetAddress> backends)
      throws Exception {
    Host host = lab.host("nftables");
    InetAddress vip = InetAddress.ofLiteral(Family.V4.vip(1));
    host.sysctl("net.ipv4.ip_forward", "1");
    host.call(() -> {
      Nftables.translateBothWays(
          vip.getHostAddress(), backends.stream().map(InetAddress::getHostAddress).toList());
      return vip;
    });
    // closed connections must not fill the conntrack table, whose size is machine-wide
    host.sysctl("net.netfilter.nf_conntrack_tcp_timeout_close", "1");
    lab.route(vip.getHostAddress() + "/32", host);
    return to(name, vip, () -> {});
  }

  /** Starts HAProxy. */
  static ConnectionPath haproxy(String name, Lab lab, List<InetAddress> backends) throws Exception {
    Host host = lab.host("haproxy");
    widenPorts(host);
    return to(name, host.ipv4(), Haproxy.start(host, backends)::close);
  }

  /** Allows a host the largest number of connections to one server. */
  static void widenPorts(Host host) {
    host.sysctl("net.ipv4.ip_local_port_range", "1024 65535");
  }

  private static ConnectionPath to(String name, InetAddress address, Runnable end) {
    return new ConnectionPath(name, new InetSocketAddress(address, FlowFrame.PORT), end);
  }
}
