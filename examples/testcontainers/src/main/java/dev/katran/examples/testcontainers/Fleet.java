package dev.katran.examples.testcontainers;

import com.google.common.collect.ImmutableMap;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The backends that the service knows. Those that are alive serve the VIPs. */
final class Fleet {

  private final LoadBalancer lb;
  private final List<HostAndPort> vips;
  private volatile ImmutableMap<InetAddress, Boolean> alive = ImmutableMap.of();

  Fleet(LoadBalancer lb, List<HostAndPort> vips, List<InetAddress> backends) {
    this.lb = lb;
    this.vips = vips;
    Set<InetAddress> serving =
        lb.vips().stream()
            .flatMap(vip -> vip.backends().stream())
            .map(Backend::address)
            .collect(Collectors.toSet());
    // A backend counts as alive until its health checks fail. A restarted service therefore has its
    // former rings at once, and open connections continue. An adopted balancer knows better.
    change(map -> {
      backends.forEach(backend -> map.put(backend, !lb.adopted()));
      serving.forEach(backend -> map.put(backend, true));
    });
  }

  /** Returns all backends and whether each is alive. */
  Map<InetAddress, Boolean> backends() {
    return alive;
  }

  /** Adds a backend; does nothing if it is known already. */
  void add(InetAddress backend) {
    change(map -> map.putIfAbsent(backend, true));
  }

  /** Removes a backend; does nothing if it is unknown. */
  void remove(InetAddress backend) {
    change(map -> map.remove(backend));
  }

  /** Sets whether a backend is alive; does nothing if it has been removed. */
  void setAlive(InetAddress backend, boolean isAlive) {
    change(map -> map.replace(backend, isAlive));
  }

  /** Applies one change at a time. If the balancer refuses it, the map is not changed either. */
  private synchronized void change(Consumer<Map<InetAddress, Boolean>> action) {
    Map<InetAddress, Boolean> changed = new LinkedHashMap<>(alive);
    action.accept(changed);
    lb.apply(vips.stream().map(vip -> vip(vip, changed)).toList());
    alive = ImmutableMap.copyOf(changed);
  }

  private static Vip vip(HostAndPort destination, Map<InetAddress, Boolean> alive) {
    Class<?> family = InetAddresses.forString(destination.getHost()).getClass();
    return Vip.tcp(destination.getHost(), destination.getPort())
        // keeps open connections in place while other backends come and go
        .tracking(Tracking.ALWAYS)
        .backends(
            alive.entrySet().stream()
                .filter(backend -> backend.getValue() && family.isInstance(backend.getKey()))
                .map(backend -> Backend.of(backend.getKey()))
                .toList())
        .build();
  }
}
