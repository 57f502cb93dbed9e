package dev.katran.internal.nexthop;

import dev.katran.UnresolvedBackend.Reason;
import dev.katran.ffm.Errno;
import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NetworkException;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.Resolution.Unresolved;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Routes and neighbours that a test sets, and what was asked of them. */
final class FakeRouting implements Routing {

  static final int ETH0 = 2;

  static final Device DEVICE = new Device("eth0", null, 1500, null);

  final Map<InetAddress, Route> routes = new HashMap<>();
  final Map<Gateway, Neighbour> neighbours = new HashMap<>();
  final List<Gateway> probed = new ArrayList<>();
  int lookUps;
  int reads;
  boolean hasIngress = true;
  boolean tableFull;
  boolean closed;

  /** Runs before a look-up returns, once. */
  @Nullable Runnable meanwhile;

  void route(String backend, Gateway gateway) {
    routes.put(InetAddress.ofLiteral(backend), new Route.Via(gateway, DEVICE, 1500));
  }

  @Override
  public Route route(InetAddress backend) {
    lookUps++;
    Route route =
        routes.getOrDefault(backend, new Route.None(new Unresolved(Reason.NO_ROUTE, "no route")));
    if (meanwhile != null) {
      Runnable once = meanwhile;
      meanwhile = null;
      once.run();
    }
    return route;
  }

  @Override
  public boolean hasIngress() {
    return hasIngress;
  }

  @Override
  public void forgetInterfaces() {}

  @Override
  public @Nullable Neighbour neighbour(Gateway gateway) {
    reads++;
    return neighbours.get(gateway);
  }

  @Override
  public void probe(Gateway gateway) {
    probed.add(gateway);
    if (tableFull) {
      throw new NetworkException("probe", Errno.ENOBUFS, "raise gc_thresh3");
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  static Hop hop(dev.katran.ffm.net.MacAddress mac) {
    return new Hop(new MacAddress(mac.bits()), null, 1500);
  }
}
