package dev.katran.lab;

import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.util.ArrayList;
import java.util.List;

/**
 * The router of a {@link Lab}, which connects all hosts. It has one interface per host, with the
 * host's name.
 *
 * @since 0.1.0
 */
public final class Router extends Node {

  private final Rtnetlink netlink;
  private final BpfObject pass;
  private final List<XdpLink> attached = new ArrayList<>();

  private Router(NetworkNamespace namespace, Rtnetlink netlink, BpfObject pass) {
    super("router", namespace);
    this.netlink = netlink;
    this.pass = pass;
  }

  static Router create() {
    NetworkNamespace namespace = NetworkNamespace.create("router");
    BpfObject pass = null;
    try {
      Stack.configure(namespace, true);
      pass = BpfObject.open("pass", BpfPrograms.pass());
      pass.load();
      return new Router(namespace, Rtnetlink.open(namespace), pass);
    } catch (RuntimeException e) {
      if (pass != null) {
        pass.close();
      }
      namespace.close();
      throw e;
    }
  }

  /**
   * Creates a veth pair to a host's namespace and sets up the router's end.
   *
   * @return the index of the router's end
   */
  int connect(String hostName, NetworkNamespace host, Subnet own, int mtu) {
    int ifindex = netlink.createVeth(hostName, Host.INTERFACE, host, mtu).index();
    try {
      Stack.setUp(netlink, namespace(), ifindex, own);
      // veth delivers frames that the host's program returns with XDP_TX at once only to an
      // interface that has a program itself. With GRO alone they stay queued until the host sends
      // something else.
      run(() -> attached.add(XdpLink.attach(pass.program("pass"), ifindex, XdpLink.Mode.NATIVE)));
      return ifindex;
    } catch (RuntimeException e) {
      netlink.delete(ifindex);
      throw e;
    }
  }

  /** Waits until the router's end of a link is usable. The host's end must be up. */
  void awaitUsable(Subnet own) {
    Stack.awaitUsable(netlink, own.ipv6().address());
  }

  void route(Cidr destination, Host via) {
    netlink.addRoute(destination, via.subnet().of(destination.address()), via.routerIfindex());
  }

  void close() {
    attached.forEach(XdpLink::close);
    pass.close();
    netlink.close();
    namespace().close();
  }

  @Override
  public String toString() {
    return name();
  }
}
