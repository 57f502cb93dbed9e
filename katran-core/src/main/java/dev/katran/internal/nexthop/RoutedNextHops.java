package dev.katran.internal.nexthop;

import com.google.common.net.InetAddresses;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.RouteLookup;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Next hops that follow the kernel's routes: the route to the backend and the neighbour on it. The
 * netlink socket belongs to the network namespace in which it was opened, so that any thread can
 * resolve next hops.
 *
 * <p>The program's packets bypass the kernel's neighbour table, whose entries would expire. Each
 * call therefore also probes the neighbours, which keeps the entries in use.
 */
final class RoutedNextHops implements NextHops {

  private static final Logger log = LoggerFactory.getLogger(RoutedNextHops.class);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(2);

  private final Rtnetlink netlink;
  private final IntSupplier ingress;
  private final Set<InetAddress> withoutRoute = ConcurrentHashMap.newKeySet();

  private RoutedNextHops(Rtnetlink netlink, IntSupplier ingress) {
    this.netlink = netlink;
    this.ingress = ingress;
  }

  static RoutedNextHops open(IntSupplier ingress) {
    return new RoutedNextHops(Rtnetlink.open(), ingress);
  }

  @Override
  public Map<InetAddress, Hop> resolve(Collection<InetAddress> backends, Duration timeout) {
    Map<InetAddress, Hop> hops = new HashMap<>();
    Map<InetAddress, Neighbour> neighbours = new HashMap<>();
    for (InetAddress backend : backends) {
      Neighbour neighbour = neighbourTowards(backend);
      if (neighbour != null) {
        neighbours.put(backend, neighbour);
      }
    }
    Set.copyOf(neighbours.values()).forEach(this::probe);
    long deadline = System.nanoTime() + timeout.toNanos();
    List<InetAddress> pending = new ArrayList<>(neighbours.keySet());
    while (true) {
      pending.removeIf(backend -> isDone(backend, neighbours, hops));
      if (pending.isEmpty() || System.nanoTime() > deadline || !pause()) {
        return hops;
      }
    }
  }

  /** A neighbour on a link. */
  private record Neighbour(int ifindex, InetAddress address) {}

  private @Nullable Neighbour neighbourTowards(InetAddress backend) {
    try {
      RouteLookup route = netlink.route(backend);
      withoutRoute.remove(backend);
      return new Neighbour(route.egressIndex(), route.nextHop(backend));
    } catch (NativeException e) {
      if (withoutRoute.add(backend)) {
        log.warn("no route to backend {}: {}", InetAddresses.toAddrString(backend), e.getMessage());
      }
      return null;
    }
  }

  private void probe(Neighbour neighbour) {
    try {
      netlink.probe(neighbour.ifindex(), neighbour.address());
    } catch (NativeException e) {
      // The link went down after the route was found, so the neighbour cannot answer.
      log.debug("cannot probe {}", neighbour, e);
    }
  }

  /** Adds the next hop of a backend if it is known, and returns whether to stop waiting for it. */
  private boolean isDone(
      InetAddress backend, Map<InetAddress, Neighbour> neighbours, Map<InetAddress, Hop> hops) {
    Neighbour neighbour = neighbours.get(backend);
    if (neighbour == null) {
      return true;
    }
    try {
      dev.katran.ffm.net.MacAddress mac =
          netlink.neighbour(neighbour.ifindex(), neighbour.address());
      if (mac == null) {
        return false;
      }
      hops.put(backend, hop(neighbour.ifindex(), new MacAddress(mac.bits())));
    } catch (NativeException e) {
      log.debug("cannot look up {}; its link is gone", neighbour, e);
    }
    return true;
  }

  private Hop hop(int ifindex, MacAddress mac) {
    if (ifindex == ingress.getAsInt()) {
      return new Hop(mac, null);
    }
    dev.katran.ffm.net.MacAddress source = netlink.link(ifindex).mac();
    return new Hop(
        mac, new Hop.Egress(ifindex, new MacAddress(source == null ? 0 : source.bits())));
  }

  private static boolean pause() {
    try {
      Thread.sleep(POLL_INTERVAL);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public boolean changes() {
    return true;
  }

  @Override
  public void close() {
    netlink.close();
  }
}
