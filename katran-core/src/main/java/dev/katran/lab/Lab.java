package dev.katran.lab;

import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network of hosts around one router, each in its own network namespace.
 *
 * <p>A veth pair connects each host to the router, which forwards IPv4 and IPv6. {@link #route}
 * adds routes for VIPs. ARP, neighbour discovery and path MTU discovery are the kernel's, as in
 * production. The links behave like physical ones: frames have valid checksums and do not exceed
 * the MTU. A host's XDP program may return XDP_TX: the router's interfaces also have XDP programs,
 * without which veth would drop or delay such frames.
 *
 * <p>IPv6 sockets need a JVM that found IPv6 enabled on the machine when it started.
 *
 * <p>Instances are thread-safe. {@link #close} removes everything, and so does the end of the
 * process.
 *
 * @since 0.1.0
 */
public final class Lab implements AutoCloseable {

  static final Logger log = LoggerFactory.getLogger(Lab.class);

  /** Limits a host's name to that of an interface, because the router's interface has it too. */
  private static final Pattern HOST_NAME = Pattern.compile("[a-z][a-z0-9-]{0,14}");

  private final Router router;
  private final Map<String, Host> hosts = new LinkedHashMap<>();

  private Lab(Router router) {
    this.router = router;
  }

  /**
   * Creates a lab with a router and no hosts.
   *
   * @throws LabException if libbpf is missing or cannot be called, or if the process lacks
   *     CAP_SYS_ADMIN, CAP_NET_ADMIN or CAP_BPF
   */
  public static Lab create() {
    return new Lab(LabException.explain("cannot create a lab", Router::create));
  }

  /**
   * Adds a host with an MTU of 1500 and the next free addresses.
   *
   * @param name 1 to 15 lower-case letters, digits and hyphens
   * @throws IllegalArgumentException if the name is invalid or already in use, or no network is
   *     free
   * @throws LabException if the kernel refuses to create or configure the host
   */
  public Host host(String name) {
    return host(name, HostOptions.DEFAULT);
  }

  /**
   * Adds a host.
   *
   * @param name 1 to 15 lower-case letters, digits and hyphens
   * @throws IllegalArgumentException if the name is invalid, or the name or one of the networks is
   *     already in use
   * @throws LabException if the kernel refuses to create or configure the host
   */
  public synchronized Host host(String name, HostOptions options) {
    if (!HOST_NAME.matcher(name).matches() || name.equals("lo")) {
      throw new IllegalArgumentException(
          "host name \"" + name + "\": must be 1 to 15 lower-case letters, digits and hyphens");
    }
    if (hosts.containsKey(name)) {
      throw new IllegalArgumentException("host " + name + " exists already");
    }
    Subnet subnet = freeSubnet(name, options);
    Host host =
        LabException.explain("cannot add host " + name, () -> create(name, subnet, options.mtu()));
    hosts.put(name, host);
    log.debug("added {}, MAC {}, MTU {}", host, host.mac(), options.mtu());
    return host;
  }

  /** Returns the hosts in the order in which they were added. */
  public synchronized List<Host> hosts() {
    return List.copyOf(hosts.values());
  }

  /** Returns the router. Its interface to a host has the host's name. */
  public Router router() {
    return router;
  }

  /**
   * Routes a prefix to a host. Replaces the router's previous route to the prefix.
   *
   * @param prefix a prefix of either family, such as {@code 203.0.113.10/32}
   * @throws IllegalArgumentException if the text is in another form
   * @throws LabException if the kernel refuses the route
   */
  public void route(String prefix, Host via) {
    Cidr destination = Cidr.parse(prefix);
    LabException.explain(
        "cannot route %s via %s".formatted(destination, via.name()),
        () -> {
          router.route(destination, via);
          return destination;
        });
    log.debug("routed {} via {}", destination, via);
  }

  /** Removes the hosts and the router, and interrupts the threads that were started on them. */
  @Override
  public synchronized void close() {
    hosts.values().forEach(Host::close);
    hosts.clear();
    router.close();
  }

  private Subnet freeSubnet(String name, HostOptions options) {
    return IntStream.rangeClosed(1, Subnet.MAX)
        .mapToObj(Subnet::number)
        .map(options::applyTo)
        .filter(subnet -> hosts.values().stream().noneMatch(h -> subnet.overlaps(h.subnet())))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "host %s: no network is free for %s; use one that overlaps no other host's"
                    .formatted(name, options)));
  }

  private Host create(String name, Subnet subnet, int mtu) {
    NetworkNamespace namespace = NetworkNamespace.create(name);
    try {
      return connect(name, namespace, subnet, mtu);
    } catch (RuntimeException e) {
      namespace.close();
      throw e;
    }
  }

  private Host connect(String name, NetworkNamespace namespace, Subnet subnet, int mtu) {
    Stack.configure(namespace, false);
    Rtnetlink netlink = Rtnetlink.open(namespace);
    try {
      int routerIfindex = router.connect(name, namespace, subnet.router(), mtu);
      int ifindex = netlink.link(Host.INTERFACE).index();
      Stack.setUp(netlink, namespace, ifindex, subnet);
      Stack.awaitUsable(netlink, subnet.ipv6().address());
      router.awaitUsable(subnet.router());
      netlink.addRoute(Cidr.parse("0.0.0.0/0"), subnet.router().ipv4().address(), ifindex);
      netlink.addRoute(Cidr.parse("::/0"), subnet.router().ipv6().address(), ifindex);
      return new Host(name, namespace, netlink, subnet, ifindex, routerIfindex);
    } catch (RuntimeException e) {
      netlink.close();
      throw e;
    }
  }
}
