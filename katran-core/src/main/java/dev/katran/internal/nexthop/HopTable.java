package dev.katran.internal.nexthop;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.katran.UnresolvedBackend.Reason;
import dev.katran.ffm.Errno;
import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NeighbourState;
import dev.katran.ffm.net.NetworkException;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.Resolution.Resolved;
import dev.katran.internal.nexthop.Resolution.Unresolved;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the followed backends, their routes and the gateways on them. It asks the
 * kernel nothing, and has no lock.
 *
 * <p>A backend keeps its next hop for {@link #GONE_AFTER} after its route is withdrawn or its
 * neighbour fails: routing protocols and ARP often heal within that time, and taking a backend's
 * slots away moves its flows.
 */
final class HopTable {

  /** How long a next hop that was lost is still used. */
  static final Duration GONE_AFTER = Duration.ofSeconds(3);

  /** What is known about a new backend. */
  static final Unresolved NOT_LOOKED_UP =
      new Unresolved(Reason.NEIGHBOUR_PENDING, "the route is being looked up");

  private final Map<InetAddress, Followed> backends = new HashMap<>();
  private final Map<Gateway, Link> links = new HashMap<>();

  /** The backends that keep a hop that was lost. */
  private final Set<Followed> expiring = new LinkedHashSet<>();

  /** What was known before the changes since {@link #takeChanges}. */
  private final Map<InetAddress, Resolution> changed = new LinkedHashMap<>();

  private @Nullable ImmutableMap<InetAddress, Resolution> snapshot = ImmutableMap.of();

  private static final class Followed {
    final InetAddress backend;
    @Nullable Route route;

    /** The look-up that found the route. A later one is not replaced by an earlier one. */
    long lookUp;

    Resolution resolution = NOT_LOOKED_UP;
    long expiry;

    Followed(InetAddress backend) {
      this.backend = backend;
    }
  }

  /** A gateway, and the backends whose routes go there. */
  private static final class Link {
    final String text;
    final Set<Followed> backends = new HashSet<>();
    @Nullable MacAddress mac;
    Unresolved problem;

    /** How often its entry was recorded. */
    long version;

    Link(Gateway gateway, Device device) {
      this.text = Addresses.text(gateway.address()) + " on " + device.name();
      this.problem = pending();
    }

    Unresolved pending() {
      return new Unresolved(Reason.NEIGHBOUR_PENDING, text + " has not answered yet");
    }
  }

  /** Follows backends and returns those that are new. */
  ImmutableSet<InetAddress> follow(Set<InetAddress> followed) {
    ImmutableSet.Builder<InetAddress> added = ImmutableSet.builder();
    for (InetAddress backend : followed) {
      if (backends.putIfAbsent(backend, new Followed(backend)) == null) {
        added.add(backend);
        snapshot = null;
      }
    }
    return added.build();
  }

  /** Stops following all backends but these. */
  void retain(Set<InetAddress> retained) {
    List<Followed> removed = new ArrayList<>();
    backends
        .values()
        .removeIf(followed -> {
          boolean isRemoved = !retained.contains(followed.backend);
          if (isRemoved) {
            removed.add(followed);
          }
          return isRemoved;
        });
    for (Followed followed : removed) {
      leave(followed);
      expiring.remove(followed);
      snapshot = null;
    }
  }

  /** Returns the followed backends. */
  ImmutableSet<InetAddress> backends() {
    return ImmutableSet.copyOf(backends.keySet());
  }

  /** Returns the followed backends that have no route. */
  ImmutableSet<InetAddress> withoutRoute() {
    return backends.values().stream()
        .filter(followed -> followed.route instanceof Route.None)
        .map(followed -> followed.backend)
        .collect(ImmutableSet.toImmutableSet());
  }

  /** Returns the gateways of the followed backends. */
  ImmutableSet<Gateway> gateways() {
    return ImmutableSet.copyOf(links.keySet());
  }

  boolean hasGateway(Gateway gateway) {
    return links.containsKey(gateway);
  }

  /** Returns how often a gateway's entry was recorded, or -1 if no followed backend has it. */
  long version(Gateway gateway) {
    Link link = links.get(gateway);
    return link == null ? -1 : link.version;
  }

  /**
   * Records the route to a backend, if the backend is followed.
   *
   * @param lookUp the number of the look-up, greater for those that began later
   * @return a gateway that has no other backends yet: its neighbour entry has to be read; or null
   */
  @Nullable Gateway route(InetAddress backend, Route route, long lookUp, long now) {
    Followed followed = backends.get(backend);
    if (followed == null || followed.lookUp > lookUp) {
      return null;
    }
    followed.lookUp = lookUp;
    if (route.equals(followed.route)) {
      return null;
    }
    leave(followed);
    followed.route = route;
    Gateway added = null;
    if (route instanceof Route.Via via) {
      Link link = links.get(via.gateway());
      if (link == null) {
        added = via.gateway();
        link = new Link(via.gateway(), via.device());
        links.put(via.gateway(), link);
      }
      link.backends.add(followed);
    }
    settle(followed, now);
    return added;
  }

  private void leave(Followed followed) {
    if (followed.route instanceof Route.Via via) {
      Link link = links.get(via.gateway());
      if (link != null && link.backends.remove(followed) && link.backends.isEmpty()) {
        links.remove(via.gateway());
      }
    }
  }

  /**
   * Records the kernel's entry of a gateway.
   *
   * @param entry the entry, or null if there is none
   */
  void neighbour(Gateway gateway, @Nullable Neighbour entry, long now) {
    Link link = links.get(gateway);
    if (link == null) {
      return;
    }
    link.version++;
    MacAddress macBefore = link.mac;
    Unresolved problemBefore = link.problem;
    NeighbourState state = entry == null ? NeighbourState.NONE : entry.state();
    if (entry != null && state.usable() && entry.mac() != null) {
      link.mac = new MacAddress(entry.mac().bits());
      link.problem = link.pending(); // until it is lost
    } else {
      link.mac = null;
      if (state.usable()) {
        link.problem =
            new Unresolved(Reason.EGRESS_UNSUPPORTED, link.text + " has no Ethernet address");
      } else if (state == NeighbourState.FAILED) {
        link.problem = new Unresolved(Reason.NEIGHBOUR_FAILED, link.text + " does not answer");
      }
      // Otherwise it is being asked, perhaps again: what was known about it remains.
    }
    if (!Objects.equals(link.mac, macBefore) || !link.problem.equals(problemBefore)) {
      settleAll(link, now); // otherwise, as at most probes, nothing changes for its backends
    }
  }

  /** Records that a gateway cannot be probed. */
  void probeFailed(Gateway gateway, NetworkException e, long now) {
    Link link = links.get(gateway);
    if (link == null) {
      return;
    }
    boolean isFull = e.errno() == Errno.ENOBUFS;
    link.problem =
        new Unresolved(
            isFull ? Reason.NEIGHBOUR_TABLE_FULL : Reason.NEIGHBOUR_FAILED,
            link.text + " cannot be resolved: " + KernelRouting.detail(e));
    settleAll(link, now);
  }

  private void settleAll(Link link, long now) {
    for (Followed followed : link.backends) {
      settle(followed, now);
    }
  }

  private void settle(Followed followed, long now) {
    Resolution found = found(followed);
    if (found instanceof Resolved) {
      expiring.remove(followed);
    } else if (followed.resolution instanceof Resolved) {
      if (expiring.add(followed)) {
        followed.expiry = now + GONE_AFTER.toNanos();
      }
      if (followed.expiry - now > 0) {
        return;
      }
      expiring.remove(followed);
    }
    if (!found.equals(followed.resolution)) {
      changed.putIfAbsent(followed.backend, followed.resolution);
      followed.resolution = found;
      snapshot = null;
    }
  }

  private Resolution found(Followed followed) {
    return switch (followed.route) {
      case null -> NOT_LOOKED_UP;
      case Route.None none -> none.why();
      case Route.Via via -> {
        Link link = links.get(via.gateway());
        yield link.mac == null
            ? link.problem
            : new Resolved(new Hop(link.mac, via.device().egress(), via.mtu()));
      }
    };
  }

  /** Removes the hops that were lost too long ago. */
  void expire(long now) {
    for (Followed followed : List.copyOf(expiring)) {
      settle(followed, now);
    }
  }

  /** Keeps the hops that were lost at least until some time. */
  void keepUntil(long time) {
    for (Followed followed : expiring) {
      if (time - followed.expiry > 0) {
        followed.expiry = time;
      }
    }
  }

  /** Returns when the next hop expires, or null if none does. */
  @Nullable Long nextExpiry() {
    Long next = null;
    for (Followed followed : expiring) {
      if (next == null || followed.expiry - next < 0) {
        next = followed.expiry;
      }
    }
    return next;
  }

  /** Returns whether all these backends are resolved, or known to be unresolvable. */
  boolean areSettled(Set<InetAddress> asked) {
    for (InetAddress backend : asked) {
      Followed followed = backends.get(backend);
      if (followed != null
          && followed.resolution instanceof Unresolved unresolved
          && unresolved.reason() == Reason.NEIGHBOUR_PENDING) {
        return false;
      }
    }
    return true;
  }

  /** Returns what is known about a backend. */
  Resolution get(InetAddress backend) {
    Followed followed = backends.get(backend);
    return followed == null ? NOT_LOOKED_UP : followed.resolution;
  }

  /** Returns what is known about all followed backends. */
  ImmutableMap<InetAddress, Resolution> snapshot() {
    if (snapshot == null) {
      ImmutableMap.Builder<InetAddress, Resolution> all =
          ImmutableMap.builderWithExpectedSize(backends.size());
      backends.forEach((backend, followed) -> all.put(backend, followed.resolution));
      snapshot = all.buildOrThrow();
    }
    return snapshot;
  }

  /** A change of what is known about a backend. */
  record Change(InetAddress backend, Resolution before, Resolution after) {}

  boolean hasChanges() {
    return !changed.isEmpty();
  }

  /** Returns the changes of the backends that are followed still, since the last call. */
  List<Change> takeChanges() {
    List<Change> changes = new ArrayList<>();
    changed.forEach((backend, before) -> {
      Followed followed = backends.get(backend);
      if (followed != null && !followed.resolution.equals(before)) {
        changes.add(new Change(backend, before, followed.resolution));
      }
    });
    changed.clear();
    return changes;
  }
}
