package dev.katran.lab;

import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.util.concurrent.Callable;

/**
 * A host of a {@link Lab}: a network namespace with one interface, {@value #INTERFACE}, which leads
 * to the router, where all its routes go.
 *
 * <p>Frames it sends have their checksums filled in and are no longer than the MTU, as on a wire,
 * so that an XDP program sees them so.
 */
public final class Host {

  /** The name of a host's interface. */
  public static final String INTERFACE = "eth0";

  private final String name;
  private final NetworkNamespace namespace;
  private final Rtnetlink netlink;
  private final Subnet subnet;
  private final int ifindex;
  private final int routerIfindex;

  Host(
      String name,
      NetworkNamespace namespace,
      Rtnetlink netlink,
      Subnet subnet,
      int ifindex,
      int routerIfindex) {
    this.name = name;
    this.namespace = namespace;
    this.netlink = netlink;
    this.subnet = subnet;
    this.ifindex = ifindex;
    this.routerIfindex = routerIfindex;
  }

  /** What it is called; the router's interface that leads to it has the same name. */
  public String name() {
    return name;
  }

  /** Where it lives. */
  public NetworkNamespace namespace() {
    return namespace;
  }

  /** Its IPv4 address. */
  public InetAddress ipv4() {
    return subnet.ipv4().address();
  }

  /** Its IPv6 address. */
  public InetAddress ipv6() {
    return subnet.ipv6().address();
  }

  /** The index of {@value #INTERFACE} within {@link #namespace}. */
  public int ifindex() {
    return ifindex;
  }

  /** The MAC address of {@value #INTERFACE}. */
  public MacAddress mac() {
    return subnet.mac();
  }

  /** The router's IPv4 address on this host's link. */
  public InetAddress routerIpv4() {
    return subnet.router().ipv4().address();
  }

  /** The router's IPv6 address on this host's link. */
  public InetAddress routerIpv6() {
    return subnet.router().ipv6().address();
  }

  /** The router's MAC address on this host's link. */
  public MacAddress routerMac() {
    return subnet.router().mac();
  }

  /**
   * Puts an address on the loopback interface, so that the host answers for it though nobody is led
   * to it by ARP: a VIP on a backend, for direct server return.
   *
   * @param address of either family, such as {@code 203.0.113.10}
   */
  public void addLoopbackAddress(String address) {
    Prefix prefix = Prefix.host(InetAddress.ofLiteral(address));
    netlink.addAddress(netlink.link("lo").index(), prefix);
    Stack.awaitUsable(netlink, prefix.address());
    Lab.log.debug("{} answers for {}", name, address);
  }

  /** Runs a task on this host and waits for it: {@link NetworkNamespace#call}. */
  public <T> T call(Callable<T> task) throws Exception {
    return namespace.call(task);
  }

  /** Runs a task on this host and waits for it: {@link NetworkNamespace#run}. */
  public void run(Runnable task) {
    namespace.run(task);
  }

  /** Starts a daemon thread on this host: {@link NetworkNamespace#start}. */
  public Thread start(String threadName, Runnable task) {
    return namespace.start(threadName, task);
  }

  Subnet subnet() {
    return subnet;
  }

  /** The index of the router's interface that leads here. */
  int routerIfindex() {
    return routerIfindex;
  }

  void close() {
    netlink.close();
    namespace.close();
  }

  /** Such as {@code lb (10.0.2.2, fc00:0:0:2:0:0:0:2)}. */
  @Override
  public String toString() {
    return "%s (%s, %s)".formatted(name, ipv4().getHostAddress(), ipv6().getHostAddress());
  }
}
