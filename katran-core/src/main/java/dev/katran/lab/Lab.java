package dev.katran.lab;

import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Ethtool.Feature;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hosts around a router, each in its own network namespace and connected by a virtual cable.
 *
 * <p>The router forwards IPv4 and IPv6 and sends prefixes where {@link #route} says; ARP, neighbour
 * discovery and path MTU discovery are the kernel's, as in production. The cables behave like
 * wires: frames on them have valid checksums and are no longer than the MTU. A host's XDP program
 * may send with XDP_TX: the router's ends have programs, which pass everything, and so take what
 * such a program sends.
 *
 * <p>Sockets over IPv6 need a JVM that found IPv6 on the machine when it started.
 *
 * <p>Instances are thread-safe. {@link #close} removes everything; so does the end of the process.
 */
public final class Lab implements AutoCloseable {

  static final Logger log = LoggerFactory.getLogger(Lab.class);

  /** A host's name is also that of an interface, hence its length. */
  private static final Pattern HOST_NAME = Pattern.compile("[a-z][a-z0-9-]{0,14}");

  private static final List<String> FAMILIES = List.of("ipv4", "ipv6");
  private static final List<String> CONF = List.of("all", "default");

  private final NetworkNamespace router;
  private final Rtnetlink netlink;
  private final BpfObject pass;
  private final List<XdpLink> passLinks = new ArrayList<>();
  private final Map<String, Host> hosts = new LinkedHashMap<>();

  private Lab(NetworkNamespace router, Rtnetlink netlink, BpfObject pass) {
    this.router = router;
    this.netlink = netlink;
    this.pass = pass;
  }

  /**
   * A router and no hosts.
   *
   * @throws NativeException without CAP_SYS_ADMIN and CAP_NET_ADMIN
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static Lab create() {
    NetworkNamespace router = NetworkNamespace.create("router");
    try {
      configure(router, true);
      return new Lab(router, Rtnetlink.open(router), loadPass());
    } catch (RuntimeException e) {
      router.close();
      throw e;
    }
  }

  private static BpfObject loadPass() {
    BpfObject pass = BpfObject.open("pass", BpfPrograms.pass());
    try {
      pass.load();
      return pass;
    } catch (RuntimeException e) {
      pass.close();
      throw e;
    }
  }

  /**
   * Adds a host with an MTU of 1500 and the next free addresses.
   *
   * @param name 1 to 15 lower-case letters, digits and hyphens
   */
  public Host host(String name) {
    return host(name, HostOptions.DEFAULT);
  }

  /**
   * Adds a host.
   *
   * @param name 1 to 15 lower-case letters, digits and hyphens
   * @throws IllegalArgumentException if the name, or one of the networks, is in use already
   */
  public synchronized Host host(String name, HostOptions options) {
    if (!HOST_NAME.matcher(name).matches() || name.equals("lo")) {
      throw new IllegalArgumentException(
          "host name \"" + name + "\": must be 1 to 15 lower-case letters, digits and hyphens");
    }
    if (hosts.containsKey(name)) {
      throw new IllegalArgumentException("host " + name + " exists already");
    }
    Subnet subnet = subnet(name, options);
    NetworkNamespace namespace = NetworkNamespace.create(name);
    try {
      Host host = connect(name, namespace, subnet, options.mtu());
      hosts.put(name, host);
      log.debug("{} on {}, MTU {}", host, host.mac(), options.mtu());
      return host;
    } catch (RuntimeException e) {
      namespace.close();
      throw e;
    }
  }

  /** The hosts in the order in which they were added. */
  public synchronized List<Host> hosts() {
    return List.copyOf(hosts.values());
  }

  /** Where the router lives; its interface to a host has the host's name. */
  public NetworkNamespace router() {
    return router;
  }

  /**
   * Makes the router send what is for a prefix to a host, instead of to whom it sent it before.
   *
   * @param prefix of either family, such as {@code 203.0.113.10/32}
   */
  public void route(String prefix, Host via) {
    Prefix destination = Prefix.parse(prefix);
    netlink.addRoute(destination, via.subnet().of(destination.address()), via.routerIfindex());
    log.debug("route {} via {}", destination, via);
  }

  /** Removes the hosts and the router, and interrupts the threads that were started on them. */
  @Override
  public synchronized void close() {
    hosts.values().forEach(Host::close);
    hosts.clear();
    passLinks.forEach(XdpLink::close);
    passLinks.clear();
    pass.close();
    netlink.close();
    router.close();
  }

  private Subnet subnet(String name, HostOptions options) {
    return IntStream.rangeClosed(1, Subnet.MAX)
        .mapToObj(Subnet::number)
        .map(numbered -> numbered.with(options))
        .filter(subnet -> hosts.values().stream().noneMatch(h -> subnet.overlaps(h.subnet())))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "host %s: other hosts' networks leave none for %s".formatted(name, options)));
  }

  private Host connect(String name, NetworkNamespace namespace, Subnet subnet, int mtu) {
    configure(namespace, false);
    Rtnetlink hostNetlink = Rtnetlink.open(namespace);
    try {
      int routerIfindex = netlink.createVeth(name, Host.INTERFACE, namespace, mtu).index();
      int ifindex = hostNetlink.link(Host.INTERFACE).index();
      setUp(netlink, router, routerIfindex, name, subnet.router());
      setUp(hostNetlink, namespace, ifindex, Host.INTERFACE, subnet);
      router.run(() -> passLinks.add(attachPass(routerIfindex)));
      hostNetlink.addRoute(Prefix.parse("0.0.0.0/0"), subnet.router().ipv4().address(), ifindex);
      hostNetlink.addRoute(Prefix.parse("::/0"), subnet.router().ipv6().address(), ifindex);
      return new Host(name, namespace, hostNetlink, subnet, ifindex, routerIfindex);
    } catch (RuntimeException e) {
      hostNetlink.close();
      throw e;
    }
  }

  /** A veth takes at once what its peer's program sends only if it has a program of its own. */
  private XdpLink attachPass(int routerIfindex) {
    return XdpLink.attach(pass.program("pass"), routerIfindex, XdpLink.Mode.NATIVE);
  }

  private static void setUp(
      Rtnetlink netlink,
      NetworkNamespace namespace,
      int ifindex,
      String interfaceName,
      Subnet own) {
    // A packet between namespaces meets no wire: nobody would fill in its checksum, or split it.
    namespace.run(() -> Ethtool.setFeature(interfaceName, Feature.TX_CHECKSUM, false));
    namespace.run(() -> Ethtool.setFeature(interfaceName, Feature.TSO, false));
    netlink.setMac(ifindex, own.mac());
    netlink.setUp(ifindex);
    netlink.addAddress(ifindex, own.ipv4());
    netlink.addAddress(ifindex, own.ipv6());
  }

  /** What has to be known before the first interface is there, which takes over the defaults. */
  private static void configure(NetworkNamespace namespace, boolean router) {
    for (String conf : CONF) {
      for (String family : FAMILIES) {
        namespace.sysctl("net.%s.conf.%s.forwarding".formatted(family, conf), router ? "1" : "0");
      }
      String ipv4 = "net.ipv4.conf." + conf;
      String ipv6 = "net.ipv6.conf." + conf;
      // The way back is another than the way there, and a VIP belongs to several hosts.
      namespace.sysctl(ipv4 + ".rp_filter", "0");
      namespace.sysctl(ipv4 + ".arp_ignore", "1");
      namespace.sysctl(ipv4 + ".arp_announce", "2");
      namespace.sysctl(ipv6 + ".disable_ipv6", "0");
      // Nobody waits for, or advertises, what nobody else can have.
      namespace.sysctl(ipv6 + ".accept_dad", "0");
      namespace.sysctl(ipv6 + ".accept_ra", "0");
      namespace.sysctl(ipv6 + ".router_solicitations", "0");
    }
    // Every packet that is too big is told so.
    namespace.sysctl("net.ipv4.icmp_ratelimit", "0");
    namespace.sysctl("net.ipv6.icmp.ratelimit", "0");
    try (Rtnetlink netlink = Rtnetlink.open(namespace)) {
      netlink.setUp(netlink.link("lo").index());
    }
  }
}
