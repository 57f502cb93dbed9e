package dev.katran.nexthop;

import com.google.common.net.InetAddresses;
import dev.katran.dataplane.Hop;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.Route;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Next hops as the kernel would send a packet of its own: the route to the backend, and the
 * neighbour that it leads to. The netlink socket stays in the network namespace in which it was
 * opened, so that any thread may ask.
 *
 * <p>The program's packets do not pass through the kernel's neighbour cache, so that it would
 * forget the neighbours; each question also tells it that they are in use.
 */
final class RoutedNextHops implements NextHops {

  private static final Logger log = LoggerFactory.getLogger(RoutedNextHops.class);

  private static final Duration PAUSE = Duration.ofMillis(2);

  private final Rtnetlink netlink;
  private final int ingress;
  private final Set<InetAddress> withoutRoute = ConcurrentHashMap.newKeySet();

  private RoutedNextHops(Rtnetlink netlink, int ingress) {
    this.netlink = netlink;
    this.ingress = ingress;
  }

  static RoutedNextHops open(int ingress) {
    return new RoutedNextHops(Rtnetlink.open(), ingress);
  }

  @Override
  public Map<InetAddress, Hop> resolve(Collection<InetAddress> backends, Duration patience) {
    Map<InetAddress, Hop> hops = new HashMap<>();
    Map<InetAddress, Neighbour> neighbours = new HashMap<>();
    for (InetAddress backend : backends) {
      Neighbour neighbour = neighbourTowards(backend);
      if (neighbour != null) {
        neighbours.put(backend, neighbour);
      }
    }
    Set.copyOf(neighbours.values()).forEach(this::probe);
    long deadline = System.nanoTime() + patience.toNanos();
    List<InetAddress> open = new ArrayList<>(neighbours.keySet());
    while (true) {
      open.removeIf(backend -> answered(backend, neighbours, hops));
      if (open.isEmpty() || System.nanoTime() > deadline || !pause()) {
        return hops;
      }
    }
  }

  /** A neighbour on a link. */
  private record Neighbour(int ifindex, InetAddress address) {}

  private @Nullable Neighbour neighbourTowards(InetAddress backend) {
    try {
      Route route = netlink.route(backend);
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
      // the link went down after the route was found: there is nobody to answer
      log.debug("{} is not probed", neighbour, e);
    }
  }

  private boolean answered(
      InetAddress backend, Map<InetAddress, Neighbour> neighbours, Map<InetAddress, Hop> hops) {
    Neighbour neighbour = neighbours.get(backend);
    if (neighbour == null) {
      return true;
    }
    try {
      MacAddress mac = netlink.neighbour(neighbour.ifindex(), neighbour.address());
      if (mac == null) {
        return false;
      }
      hops.put(backend, hop(neighbour.ifindex(), mac));
    } catch (NativeException e) {
      log.debug("the link to {} has gone", neighbour, e);
    }
    return true;
  }

  private Hop hop(int ifindex, MacAddress mac) {
    if (ifindex == ingress) {
      return new Hop(mac, null);
    }
    MacAddress source = netlink.link(ifindex).mac();
    return new Hop(mac, new Hop.Egress(ifindex, source == null ? MacAddress.ZERO : source));
  }

  private static boolean pause() {
    try {
      Thread.sleep(PAUSE);
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
