package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.FixedRoutes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;

/**
 * A network namespace with the routes of {@link FixedRoutes}. Frames of test runs arrive by its
 * loopback interface.
 */
public final class RoutingHost implements AutoCloseable {

  private static final String ACCEPTING = "accepting";
  private static final String OTHER = "other";

  private final NetworkNamespace namespace = NetworkNamespace.create("routing-host");

  /** Creates the namespace. */
  public RoutingHost() {
    try {
      namespace.run(RoutingHost::configure);
      forward();
    } catch (RuntimeException | Error e) {
      namespace.close();
      throw e;
    }
  }

  private static void configure() {
    ip("link set lo up");
    link(ACCEPTING, "172.31.0.1/24", "2001:db8:ff::1/64");
    link(OTHER, "172.31.1.1/24", "2001:db8:fe::1/64");
    ip("link set " + ACCEPTING + " address " + FixedRoutes.OWN_MAC);
    neighbour("172.31.0.2", ACCEPTING);
    neighbour("2001:db8:ff::2", ACCEPTING);
    neighbour("172.31.1.2", OTHER);
    neighbour("2001:db8:fe::2", OTHER);
    FixedRoutes.ENTRIES.forEach(RoutingHost::route);
  }

  private void forward() {
    for (String family : new String[] {"ipv4", "ipv6"}) {
      namespace.sysctl("net." + family + ".conf.all.forwarding", "1");
      namespace.sysctl("net." + family + ".conf.lo.forwarding", "1");
    }
  }

  private static void link(String name, String v4, String v6) {
    ip("link add " + name + " type veth peer name p" + name);
    ip("addr add " + v4 + " dev " + name);
    ip("addr add " + v6 + " dev " + name + " nodad");
    ip("link set " + name + " up");
    ip("link set p" + name + " up");
  }

  private static void neighbour(String address, String device) {
    ip(
        "neigh add %s lladdr %s nud permanent dev %s"
            .formatted(address, FixedRoutes.ROUTER_MAC, device));
  }

  private static void route(FixedRoutes.Entry entry) {
    boolean isIpv6 = !(entry.prefix().address() instanceof Inet4Address);
    String via =
        switch (entry.way()) {
          case SENT -> isIpv6 ? "via 2001:db8:ff::2" : "via 172.31.0.2";
          case UNRESOLVED -> isIpv6 ? "via 2001:db8:ff::3" : "via 172.31.0.3";
          case OTHER_INTERFACE -> isIpv6 ? "via 2001:db8:fe::2" : "via 172.31.1.2";
          case UNREACHABLE -> "";
          case LOCAL -> null;
        };
    if (via == null) {
      return; // comes with the interface's address
    }
    String type = via.isEmpty() ? "unreachable " : "";
    String mtu = entry.mtu() == 1500 ? "" : " mtu lock " + entry.mtu();
    ip("route add " + type + entry.prefix() + " " + via + mtu);
  }

  private static void ip(String arguments) {
    try {
      Process process =
          new ProcessBuilder(("ip " + arguments).trim().split(" +"))
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException("ip " + arguments + ": " + output);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("ip " + arguments, e);
    }
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
  public static Dataplane openInside(DataplaneConfig config) {
    KernelDataplane dataplane = KernelDataplane.detached(config);
    try (Arena arena = Arena.ofConfined()) {
      int index = NetworkInterface.getByName(ACCEPTING).getIndex();
      MemorySegment word = arena.allocateFrom(ValueLayout.JAVA_INT, index);
      BpfMap egresses = dataplane.tables().egresses();
      egresses.update(word, word, BpfConstants.BPF_ANY);
      return dataplane;
    } catch (IOException | RuntimeException | Error e) {
      dataplane.close();
      throw new IllegalStateException(e);
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
