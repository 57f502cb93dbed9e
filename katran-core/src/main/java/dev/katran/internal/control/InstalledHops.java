package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.UnresolvedBackend;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.nexthop.Resolution;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The next hops in the dataplane. Guarded by the lock of changes, except for what is to be done
 * yet.
 */
final class InstalledHops {

  private static final Logger log = LoggerFactory.getLogger(InstalledHops.class);

  private final Dataplane dataplane;
  private final TunnelRoom room;
  private final EventBus events;
  private final Map<BackendKey, Hop> hops = new HashMap<>();

  /** The backends whose next hop an earlier control plane has found, until this one does. */
  private final Set<BackendKey> adopted = new HashSet<>();

  /** The backends that have found or lost their next hop, but have, or lack, slots still. */
  private final Set<BackendKey> moved = new HashSet<>();

  /** Whether next hops may have changed, but not in the dataplane yet. */
  private volatile boolean isStale;

  private volatile boolean hasMoved;

  InstalledHops(Dataplane dataplane, TunnelRoom room, EventBus events) {
    this.events = events;
    this.dataplane = dataplane;
    this.room = room;
  }

  /** Returns the next hop of a backend, or null. */
  @Nullable Hop get(BackendKey backend) {
    return hops.get(backend);
  }

  /** Returns the backends that have found or lost their next hop since the last change. */
  Set<BackendKey> moved() {
    return moved;
  }

  /** Returns whether backends have found or lost their next hop. Needs no lock. */
  boolean hasMoved() {
    return hasMoved;
  }

  /** Returns whether next hops, or slots because of them, are to be updated. Needs no lock. */
  boolean isStale() {
    return isStale || hasMoved;
  }

  /** Sets whether next hops are to be updated. Needs no lock. */
  void setStale(boolean stale) {
    isStale = stale;
  }

  /** Takes over next hops that an earlier control plane has written to the dataplane. */
  void adopt(Map<BackendKey, Hop> found) {
    hops.putAll(found);
    adopted.addAll(found.keySet());
  }

  /**
   * Takes note of an executed plan.
   *
   * @param found what was found out about the backends that are new
   */
  void executed(Plan plan, Map<InetAddress, Resolution> found) {
    moved.clear();
    hasMoved = false;
    plan.removed().forEach(hops::remove);
    for (BackendKey key : plan.added()) {
      switch (found.get(key.address())) {
        case Resolution.Resolved(Hop hop) -> put(plan.state(), key, hop);
        case Resolution.Unresolved unresolved -> {
          log.warn(
              "no next hop towards backend {} yet; it gets no flows until one is found: {}",
              key,
              unresolved.detail());
          events.publish(BalancerEvent.Kind.NEXT_HOP_MISSING, key, unresolved.detail());
        }
        case null -> isStale = true; // the change was prepared too often to ask for it
      }
    }
  }

  /** Writes the entries of all backends, with the next hops that are known. */
  void writeAll(InstalledState state) {
    state
        .backends()
        .forEach((key, backend) ->
            dataplane
                .backends()
                .put(backend.number(), backend.delivery().entry(key, hops.get(key))));
  }

  private void put(InstalledState state, BackendKey backend, Hop hop) {
    hops.put(backend, hop);
    InstalledState.InstalledBackend installed = state.backends().get(backend);
    if (installed != null) {
      room.check(backend, installed.delivery(), hop);
    }
  }

  /** Writes the next hops of backends that differ from those in the dataplane. */
  void refresh(InstalledState state, Set<BackendKey> backends, Map<InetAddress, Resolution> found) {
    for (BackendKey key : backends) {
      InstalledState.InstalledBackend backend = state.backends().get(key);
      Resolution resolution = found.get(key.address());
      if (backend != null && resolution != null && !keepsAdopted(key, resolution)) {
        refresh(state, key, backend, resolution);
      }
    }
  }

  /**
   * Returns whether a backend keeps the next hop that it had when it was taken over: the kernel may
   * still be resolving it, and without it the backend would lose its flows.
   */
  private boolean keepsAdopted(BackendKey key, Resolution resolution) {
    return adopted.contains(key)
        && resolution instanceof Resolution.Unresolved(var reason, String ignored)
        && reason == UnresolvedBackend.Reason.NEIGHBOUR_PENDING;
  }

  private void refresh(
      InstalledState state,
      BackendKey key,
      InstalledState.InstalledBackend backend,
      Resolution resolution) {
    Hop hop = resolution.hop().orElse(null);
    adopted.remove(key);
    Hop before = hops.get(key);
    if (Objects.equals(before, hop)) {
      return;
    }
    dataplane.backends().put(backend.number(), backend.delivery().entry(key, hop));
    if (hop == null) {
      hops.remove(key);
    } else {
      put(state, key, hop);
    }
    if (before == null || hop == null) {
      moved.add(key);
      hasMoved = true;
      if (resolution instanceof Resolution.Unresolved(var reason, String detail)) {
        log.warn(
            "backend {} has lost its next hop, and its flows go to other backends: {}",
            key,
            detail);
        events.publish(BalancerEvent.Kind.NEXT_HOP_MISSING, key, detail);
      } else {
        log.info("found the next hop towards backend {}", key);
        events.publish(BalancerEvent.Kind.NEXT_HOP_FOUND, key, "");
      }
    }
  }
}
