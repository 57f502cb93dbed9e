package dev.katran.lab;

import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;

/**
 * A host of a {@link Lab}: a network namespace with one interface, {@value #INTERFACE}. Its default
 * routes lead to the router.
 *
 * <p>Frames that a host sends have complete checksums and do not exceed the MTU, as on a physical
 * link. An XDP program at the other end sees valid frames.
 *
 * @since 0.1.0
 */
public final class Host extends Node {

  /** The name of a host's interface. */
  public static final String INTERFACE = "eth0";

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
    super(name, namespace);
    this.netlink = netlink;
    this.subnet = subnet;
    this.ifindex = ifindex;
    this.routerIfindex = routerIfindex;
  }

  /** Returns the IPv4 address of {@value #INTERFACE}. */
  public InetAddress ipv4() {
    return subnet.ipv4().address();
  }

  /** Returns the IPv6 address of {@value #INTERFACE}. */
  public InetAddress ipv6() {
    return subnet.ipv6().address();
  }

  /** Returns the index of {@value #INTERFACE} on this host. */
  public int ifindex() {
    return ifindex;
  }

  /** Returns the MAC address of {@value #INTERFACE}, such as {@code 02:00:0a:00:01:02}. */
  public String mac() {
    return subnet.mac().toString();
  }

  /** Returns the router's IPv4 address on this host's link. */
  public InetAddress routerIpv4() {
    return subnet.router().ipv4().address();
  }

  /** Returns the router's IPv6 address on this host's link. */
  public InetAddress routerIpv6() {
    return subnet.router().ipv6().address();
  }

  /** Returns the router's MAC address on this host's link, such as {@code 02:00:0a:00:01:01}. */
  public String routerMac() {
    return subnet.router().mac().toString();
  }

  /**
   * Adds an address to the loopback interface. The host accepts packets to it but does not answer
   * ARP requests for it, as a backend does with a VIP in direct server return.
   *
   * @param address an IPv4 or IPv6 literal, such as {@code 203.0.113.10}
   * @throws IllegalArgumentException if the address is not a literal
   * @throws LabException if the kernel refuses the address, for example because it exists already
   */
  public void addLoopbackAddress(String address) {
    Cidr prefix = Cidr.parse(address);
    if (!prefix.equals(Cidr.host(prefix.address()))) {
      throw new IllegalArgumentException(prefix + " is not a single address");
    }
    LabException.explain(
        "cannot add %s to host %s".formatted(address, name()),
        () -> {
          netlink.addAddress(netlink.link("lo").index(), prefix);
          Stack.awaitUsable(netlink, prefix.address());
          return prefix;
        });
    Lab.log.debug("added {} to the loopback interface of {}", address, name());
  }

  Subnet subnet() {
    return subnet;
  }

  /** Returns the index of the router's interface on this host's link. */
  int routerIfindex() {
    return routerIfindex;
  }

  void close() {
    netlink.close();
    namespace().close();
  }

  /** Returns text such as {@code lb (10.0.2.2, fc00:0:0:2:0:0:0:2)}. */
  @Override
  public String toString() {
    return "%s (%s, %s)".formatted(name(), ipv4().getHostAddress(), ipv6().getHostAddress());
  }
}
