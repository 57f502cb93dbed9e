package dev.katran.lab;

import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
import java.util.ArrayList;
import java.util.List;

/** What the hosts of a {@link Lab} are connected to. */
final class Router implements AutoCloseable {

  private final NetworkNamespace namespace;
  private final Rtnetlink netlink;
  private final BpfObject pass;
  private final List<XdpLink> attached = new ArrayList<>();

  private Router(NetworkNamespace namespace, Rtnetlink netlink, BpfObject pass) {
    this.namespace = namespace;
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

  NetworkNamespace namespace() {
    return namespace;
  }

  /**
   * Creates a cable to a host's namespace and sets up this end of it.
   *
   * @return the index of this end
   */
  int connect(String hostName, NetworkNamespace host, Subnet own, int mtu) {
    int ifindex = netlink.createVeth(hostName, Host.INTERFACE, host, mtu).index();
    try {
      Stack.setUp(netlink, namespace, ifindex, own);
      // What the host's XDP program answers with XDP_TX is handed over at once only to an interface
      // that has a program itself; polling (GRO) alone leaves it in the queue until the host sends
      // something else.
      namespace.run(
          () -> attached.add(XdpLink.attach(pass.program("pass"), ifindex, XdpLink.Mode.NATIVE)));
      return ifindex;
    } catch (RuntimeException e) {
      netlink.delete(ifindex);
      throw e;
    }
  }

  /** Waits for the end that was connected to be usable; its other end must be up. */
  void awaitUsable(Subnet own) {
    Stack.awaitUsable(netlink, own.ipv6().address());
  }

  void route(Prefix destination, Host via) {
    netlink.addRoute(destination, via.subnet().of(destination.address()), via.routerIfindex());
  }

  @Override
  public void close() {
    attached.forEach(XdpLink::close);
    pass.close();
    netlink.close();
    namespace.close();
  }
}
