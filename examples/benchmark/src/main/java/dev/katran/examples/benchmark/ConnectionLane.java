package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Encapsulation;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.lab.Host;
import dev.katran.lab.HostOptions;
import dev.katran.lab.Lab;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * One of those who bring connections to backends, on a host of its own.
 *
 * @param name what it is called in the results
 * @param target what clients connect to
 * @param end what is to be closed before the hosts
 */
record ConnectionLane(String name, InetSocketAddress target, Runnable end) {

  /** Room for the outer header on the way to the backends. */
  static final HostOptions FABRIC = HostOptions.DEFAULT.mtu(1600);

  /** Nobody between: what client and server can do at most. */
  static ConnectionLane direct(String name, BackendServer server) {
    return to(name, server.address(), () -> {});
  }

  /** The balancer; the backends answer the client themselves. */
  static ConnectionLane balancer(String name, Lab lab, List<InetAddress> backends)
      throws Exception {
    Host host = lab.host("balancer", FABRIC);
    LoadBalancer lb = host.call(() -> LoadBalancer.on(Host.INTERFACE).open());
    lb.put(
        Services.vip(
            Family.V4,
            0,
            Tracking.ADAPTIVE,
            backends.stream().map(each -> Backend.of(each).via(Encapsulation.ipip())).toList()));
    InetAddress vip = InetAddress.ofLiteral(Family.V4.vip(0));
    lab.route(vip.getHostAddress() + "/32", host);
    return to(name, vip, lb::close);
  }

  /** The kernel's own address translation, by which the answers come back, too. */
  static ConnectionLane nftables(String name, Lab lab, List<InetAddress> backends)
      throws Exception {
    Host host = lab.host("nftables");
    InetAddress vip = InetAddress.ofLiteral(Family.V4.vip(1));
    NetworkNamespace namespace = host.namespace();
    namespace.sysctl("net.ipv4.ip_forward", "1");
    host.call(() -> {
      Nftables.translateBothWays(
          vip.getHostAddress(), backends.stream().map(InetAddress::getHostAddress).toList());
      return vip;
    });
    // so that those which are closed do not fill the table, whose size is the machine's
    namespace.sysctl("net.netfilter.nf_conntrack_tcp_timeout_close", "1");
    lab.route(vip.getHostAddress() + "/32", host);
    return to(name, vip, () -> {});
  }

  /** HAProxy. */
  static ConnectionLane haproxy(String name, Lab lab, List<InetAddress> backends) throws Exception {
    Host host = lab.host("haproxy");
    widenPorts(host);
    return to(name, host.ipv4(), Haproxy.start(host, backends)::close);
  }

  /** Lets the host have as many connections to one server as it may. */
  static void widenPorts(Host host) {
    host.namespace().sysctl("net.ipv4.ip_local_port_range", "1024 65535");
  }

  private static ConnectionLane to(String name, InetAddress address, Runnable end) {
    return new ConnectionLane(name, new InetSocketAddress(address, FlowFrame.PORT), end);
  }
}
