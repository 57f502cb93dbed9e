package dev.katran.lab;

import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
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
 * may answer with XDP_TX: the router's ends have programs too, without which veth would not deliver
 * such frames, or not in time.
 *
 * <p>Sockets over IPv6 need a JVM that found IPv6 on the machine when it started.
 *
 * <p>Instances are thread-safe. {@link #close} removes everything; so does the end of the process.
 */
public final class Lab implements AutoCloseable {

  static final Logger log = LoggerFactory.getLogger(Lab.class);

  /** A host's name is also that of an interface, hence its length. */
  private static final Pattern HOST_NAME = Pattern.compile("[a-z][a-z0-9-]{0,14}");

  private final Router router;
  private final Map<String, Host> hosts = new LinkedHashMap<>();

  private Lab(Router router) {
    this.router = router;
  }

  /**
   * A router and no hosts.
   *
   * @throws NativeException without CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_BPF
   * @throws LibbpfUnavailableException without libbpf
   */
  public static Lab create() {
    return new Lab(Router.create());
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
    return router.namespace();
  }

  /**
   * Makes the router send what is for a prefix to a host, instead of to whom it sent it before.
   *
   * @param prefix of either family, such as {@code 203.0.113.10/32}
   */
  public void route(String prefix, Host via) {
    Prefix destination = Prefix.parse(prefix);
    router.route(destination, via);
    log.debug("route {} via {}", destination, via);
  }

  /** Removes the hosts and the router, and interrupts the threads that were started on them. */
  @Override
  public synchronized void close() {
    hosts.values().forEach(Host::close);
    hosts.clear();
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
    Stack.configure(namespace, false);
    Rtnetlink netlink = Rtnetlink.open(namespace);
    try {
      int routerIfindex = router.connect(name, namespace, subnet.router(), mtu);
      int ifindex = netlink.link(Host.INTERFACE).index();
      Stack.setUp(netlink, namespace, ifindex, subnet);
      Stack.awaitUsable(netlink, subnet.ipv6().address());
      router.awaitUsable(subnet.router());
      netlink.addRoute(Prefix.parse("0.0.0.0/0"), subnet.router().ipv4().address(), ifindex);
      netlink.addRoute(Prefix.parse("::/0"), subnet.router().ipv6().address(), ifindex);
      return new Host(name, namespace, netlink, subnet, ifindex, routerIfindex);
    } catch (RuntimeException e) {
      netlink.close();
      throw e;
    }
  }
}
