package dev.katran.internal.dataplane.kernel;

import com.google.common.net.InetAddresses;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.FixedRoutes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A network namespace with the routes of {@link FixedRoutes}. Frames of test runs arrive by its
 * loopback interface.
 */
public final class RoutingHost implements AutoCloseable {

  private static final int MTU = 1500;

  private final NetworkNamespace namespace = NetworkNamespace.create("routing-host");
  private final List<Integer> accepting = new ArrayList<>();

  /** Creates the namespace. */
  public RoutingHost() {
    try {
      for (String family : new String[] {"ipv4", "ipv6"}) {
        namespace.sysctl("net." + family + ".conf.all.forwarding", "1");
        namespace.sysctl("net." + family + ".conf.lo.forwarding", "1");
      }
      try (Rtnetlink links = Rtnetlink.open(namespace)) {
        links.setUp(links.link("lo").index());
        accepting.add(link(links, 0, "wide", MTU));
        accepting.add(link(links, 1, "narrow", FixedRoutes.NARROW));
        link(links, 2, "other", MTU);
        FixedRoutes.ENTRIES.forEach(entry -> route(links, entry));
      }
    } catch (RuntimeException | Error e) {
      namespace.close();
      throw e;
    }
  }

  /** Adds an interface with two routers behind it. The MAC address of the first one is known. */
  private int link(Rtnetlink links, int number, String name, int mtu) {
    int index = links.createVeth(name, "p" + name, namespace, mtu).index();
    MacAddress own = mac(FixedRoutes.OWN_MAC);
    links.setMac(index, own);
    links.setUp(index);
    links.setUp(links.link("p" + name).index());
    links.addAddress(index, Cidr.parse("172.31.%d.1/24".formatted(number)));
    links.addAddress(index, Cidr.parse("2001:db8:f%d::1/64".formatted(number)));
    MacAddress router = mac(FixedRoutes.ROUTER_MAC);
    links.addNeighbour(index, router("172.31.%d.2", number), router);
    links.addNeighbour(index, router("2001:db8:f%d::2", number), router);
    return index;
  }

  private static MacAddress mac(dev.katran.internal.net.MacAddress mac) {
    return new MacAddress(mac.bits());
  }

  private static InetAddress router(String format, int number) {
    return InetAddresses.forString(format.formatted(number));
  }

  private static void route(Rtnetlink links, FixedRoutes.Entry entry) {
    int number =
        switch (entry.way()) {
          case SENT -> entry.mtu() == MTU ? 0 : 1;
          case UNRESOLVED -> 0;
          case OTHER_INTERFACE -> 2;
          case LOCAL -> -1;
        };
    if (number < 0) {
      return; // comes with the interface's address
    }
    boolean isKnown = entry.way() != FixedRoutes.Way.UNRESOLVED;
    String network =
        entry.prefix().address() instanceof Inet4Address ? "172.31.%d." : "2001:db8:f%d::";
    String name = List.of("wide", "narrow", "other").get(number);
    links.addRoute(
        Cidr.parse(entry.prefix().toString()),
        router(network + (isKnown ? "2" : "3"), number),
        links.link(name).index());
  }

  /** Runs a task in the namespace. Threads that it starts are in the namespace as well. */
  public <T> T call(Callable<T> task) throws Exception {
    return namespace.call(task);
  }

  /** Opens a dataplane in the kernel whose frames arrive at this host, from any thread. */
  public Dataplane open(DataplaneConfig config) {
    return InterceptedDataplane.of(
        inside(() -> openInside(config)),
        (method, arguments, proceed) ->
            method.equals("program.run") ? namespace.call(proceed) : proceed.call());
  }

  /** Opens a dataplane in the kernel, in a thread of the namespace that frames will run in. */
  public Dataplane openInside(DataplaneConfig config) {
    KernelDataplane dataplane = KernelDataplane.detached(config);
    try (Arena arena = Arena.ofConfined()) {
      for (int index : accepting) {
        MemorySegment word = arena.allocateFrom(ValueLayout.JAVA_INT, index);
        dataplane.tables().egresses().update(word, word, BpfConstants.BPF_ANY);
      }
      return dataplane;
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private <T> T inside(Callable<T> task) {
    try {
      return namespace.call(task);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    namespace.close();
  }
}
