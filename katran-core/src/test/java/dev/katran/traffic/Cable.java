package dev.katran.traffic;

import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import dev.katran.lab.Node;
import java.net.InetAddress;

/**
 * The cable between a host and the router of a lab, which can be taken away and put back, or fail.
 */
final class Cable implements AutoCloseable {

  private static final int MTU = 1600;

  private final Lab lab;
  private final Host host;
  private final NetworkNamespace namespace;
  private final Rtnetlink near;
  private final Rtnetlink far;
  private final BpfObject pass = BpfObject.open("pass", BpfPrograms.pass());

  Cable(Lab lab, Host host) throws Exception {
    this.lab = lab;
    this.host = host;
    this.namespace = host.call(NetworkNamespace::current);
    this.near = host.call(() -> Rtnetlink.open());
    this.far = lab.router().call(() -> Rtnetlink.open());
    pass.load();
  }

  /** Deletes the interfaces at both ends, with their addresses and routes. */
  void cut() {
    far.delete(far.link(host.name()).index());
  }

  /** Creates both interfaces again, with the same names and addresses, but other indices. */
  void restore(String... addressesOfHost) throws Exception {
    Link router = far.createVeth(host.name(), Host.INTERFACE, namespace, MTU);
    Link own = near.link(Host.INTERFACE);
    near.setMac(own.index(), MacAddress.parse(host.mac()));
    far.setMac(router.index(), MacAddress.parse(host.routerMac()));
    host.run(() -> Ethtool.setFeature(Host.INTERFACE, Ethtool.Feature.TX_CHECKSUM, false));
    lab.router()
        .run(() -> {
          Ethtool.setFeature(host.name(), Ethtool.Feature.TX_CHECKSUM, false);
          // veth delivers frames sent by XDP_TX only to an end that has a program itself
          XdpLink.attach(pass.program("pass"), router.index(), XdpLink.Mode.NATIVE);
        });
    setUp(own, router, addressesOfHost);
  }

  /** An end of a cable. */
  enum End {
    HOST,
    ROUTER
  }

  /** Sets the interface at an end down, which takes its routes. The other loses its carrier. */
  void setDown(End end) {
    netlink(end).setDown(link(end).index());
  }

  /** Sets the interfaces at both ends up, with the addresses and routes that they had. */
  void setUp(String... addressesOfHost) {
    setUp(link(End.HOST), link(End.ROUTER), addressesOfHost);
  }

  /** Gives the interface at an end another MAC address, and tells its neighbour. */
  void setMac(End end, String mac) throws Exception {
    String conf = "conf." + link(end).name();
    Node node = end == End.HOST ? host : lab.router();
    node.sysctl("net.ipv4." + conf + ".arp_notify", "1");
    node.sysctl("net.ipv6." + conf + ".ndisc_notify", "1");
    netlink(end).setMac(link(end).index(), MacAddress.parse(mac));
  }

  private Rtnetlink netlink(End end) {
    return end == End.HOST ? near : far;
  }

  private Link link(End end) {
    return end == End.HOST ? near.link(Host.INTERFACE) : far.link(host.name());
  }

  private void setUp(Link own, Link router, String... addressesOfHost) {
    setUp(near, own, host.ipv4(), host.ipv6());
    setUp(far, router, host.routerIpv4(), host.routerIpv6());
    near.addRoute(Cidr.parse("0.0.0.0/0"), host.routerIpv4(), own.index());
    near.addRoute(Cidr.parse("::/0"), host.routerIpv6(), own.index());
    for (String address : addressesOfHost) {
      Cidr destination = Cidr.parse(address);
      boolean isIpv4 = destination.address().getAddress().length == 4;
      far.addRoute(destination, isIpv4 ? host.ipv4() : host.ipv6(), router.index());
    }
  }

  private static void setUp(Rtnetlink netlink, Link link, InetAddress ipv4, InetAddress ipv6) {
    netlink.setUp(link.index());
    if (!netlink.isLocal(ipv4)) {
      netlink.addAddress(link.index(), new Cidr(ipv4, 24));
    }
    if (!netlink.isLocal(ipv6)) {
      netlink.addAddress(link.index(), new Cidr(ipv6, 64));
    }
  }

  @Override
  public void close() {
    pass.close();
    near.close();
    far.close();
    namespace.close();
  }
}
