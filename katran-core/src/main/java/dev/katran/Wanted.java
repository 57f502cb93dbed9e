package dev.katran;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.dataplane.Features;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a change wants to be installed; begins as what is. */
final class Wanted {

  /** A step of a change that writes a table of the dataplane. */
  interface TableStep {

    /** Writes what is new. */
    void apply(Map<InetAddress, State.InstalledBackend> backends);

    /** Writes what was there before, whatever has been written of the new. */
    void undo(Map<InetAddress, State.InstalledBackend> backends);
  }

  final Map<VipKey, Vip> vips = new LinkedHashMap<>();
  final Map<InetAddress, State.Named> named;
  final List<TableStep> steps = new ArrayList<>();
  ImmutableSetMultimap<VipKey, InetAddress> down;
  Optional<VipKey> watched;

  Wanted(State state) {
    state.vips().forEach((key, installed) -> vips.put(key, installed.vip()));
    named = new HashMap<>(state.named());
    down = state.down();
    watched = state.watched();
  }

  /** One more entry of a table names a backend. */
  void name(Backend backend) {
    named.merge(
        backend.address(),
        new State.Named(backend.reach(), 1),
        (before, one) -> {
          requireSame(backend.address(), before.reach(), one.reach(), "a table");
          return new State.Named(before.reach(), before.entries() + 1);
        });
  }

  /** One entry less names it. */
  void unname(Backend backend) {
    named.computeIfPresent(
        backend.address(),
        (address, before) ->
            before.entries() == 1 ? null : new State.Named(before.reach(), before.entries() - 1));
  }

  /**
   * All backends, in the order in which they come, and how each is reached.
   *
   * @throws IllegalArgumentException if a backend is reached differently by two who name it
   */
  Map<InetAddress, Reach> backends() {
    Map<InetAddress, Reach> reached = new LinkedHashMap<>();
    for (Vip vip : vips.values()) {
      for (Backend backend : vip.backends()) {
        Reach other = reached.putIfAbsent(backend.address(), backend.reach());
        if (other != null) {
          requireSame(backend.address(), other, backend.reach(), vip.key().toString());
        }
      }
    }
    named.forEach((address, name) -> {
      Reach other = reached.putIfAbsent(address, name.reach());
      if (other != null) {
        requireSame(address, other, name.reach(), "a table");
      }
    });
    return reached;
  }

  private static void requireSame(InetAddress backend, Reach one, Reach other, String user) {
    if (!one.equals(other)) {
      throw new IllegalArgumentException(
          "backend %s is via %s for %s, and via %s for another VIP or table: change all in one"
                  .formatted(Addresses.text(backend), other, user, one)
              + " apply()");
    }
  }

  /** What the dataplane must be ready for. */
  Features features(Map<InetAddress, Reach> backends, boolean changes) {
    int flags = 0;
    boolean prefixes = false;
    for (Vip vip : vips.values()) {
      flags |= State.flags(vip, watched);
      prefixes |= vip.key().isPrefix();
    }
    boolean gue =
        backends.values().stream().anyMatch(r -> r.encapsulation() instanceof Encapsulation.Gue);
    return new Features(flags, gue, prefixes, changes);
  }
}
