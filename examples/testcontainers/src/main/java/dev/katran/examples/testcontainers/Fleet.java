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
import java.util.function.Consumer;

/** The backends that the service knows, and which of them are alive; these serve the VIPs. */
final class Fleet {

  private final LoadBalancer lb;
  private final List<HostAndPort> vips;
  private volatile ImmutableMap<InetAddress, Boolean> alive = ImmutableMap.of();

  Fleet(LoadBalancer lb, List<HostAndPort> vips, List<InetAddress> backends) {
    this.lb = lb;
    this.vips = vips;
    // Until the first check has failed, a backend is taken to be alive: a service that is restarted
    // has at once the rings that it had before, and open connections go on.
    change(map -> backends.forEach(backend -> map.put(backend, true)));
  }

  /** Every backend, and whether it is alive. */
  Map<InetAddress, Boolean> backends() {
    return alive;
  }

  /** Adds a backend; does nothing if it is there. */
  void add(InetAddress backend) {
    change(map -> map.putIfAbsent(backend, true));
  }

  /** Removes a backend; does nothing if it is not there. */
  void remove(InetAddress backend) {
    change(map -> map.remove(backend));
  }

  /** Says whether a backend is alive; does nothing if it has been removed meanwhile. */
  void setAlive(InetAddress backend, boolean isAlive) {
    change(map -> map.replace(backend, isAlive));
  }

  /** One change at a time; if the balancer refuses it, nothing has changed here either. */
  private synchronized void change(Consumer<Map<InetAddress, Boolean>> action) {
    Map<InetAddress, Boolean> changed = new LinkedHashMap<>(alive);
    action.accept(changed);
    lb.apply(vips.stream().map(vip -> vip(vip, changed)).toList());
    alive = ImmutableMap.copyOf(changed);
  }

  private static Vip vip(HostAndPort destination, Map<InetAddress, Boolean> alive) {
    Class<?> family = InetAddresses.forString(destination.getHost()).getClass();
    return Vip.tcp(destination.getHost(), destination.getPort())
        // open connections stay where they are, whatever is added or removed elsewhere
        .tracking(Tracking.ALWAYS)
        .backends(
            alive.entrySet().stream()
                .filter(backend -> backend.getValue() && family.isInstance(backend.getKey()))
                .map(backend -> Backend.of(backend.getKey()))
                .toList())
        .build();
  }
}
