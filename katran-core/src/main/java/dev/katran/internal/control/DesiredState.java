package dev.katran.internal.control;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Encapsulation;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Features;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The target state of a change. Starts as a copy of the installed state. */
public final class DesiredState {

  /** A step of a transition that writes a table of the dataplane. */
  interface TableStep {

    /** Writes the new entries. */
    void apply(Map<BackendKey, InstalledState.InstalledBackend> backends);

    /** Restores the old entries, even if only some of the new ones were written. */
    void undo(Map<BackendKey, InstalledState.InstalledBackend> backends);
  }

  private final Map<VipKey, Vip> vips = new LinkedHashMap<>();
  private final Map<BackendKey, InstalledState.Named> named;
  private final List<TableStep> steps = new ArrayList<>();
  private ImmutableSetMultimap<VipKey, BackendKey> down;
  private Optional<VipKey> watched;

  DesiredState(InstalledState state) {
    state.vips().forEach((key, installed) -> vips.put(key, installed.vip()));
    named = new HashMap<>(state.named());
    down = state.down();
    watched = state.watched();
  }

  /** Returns the VIPs as a modifiable map. */
  public Map<VipKey, Vip> vips() {
    return vips;
  }

  /** Returns the backends that are marked down. */
  public ImmutableSetMultimap<VipKey, BackendKey> down() {
    return down;
  }

  /** Replaces the backends that are marked down. */
  public void down(ImmutableSetMultimap<VipKey, BackendKey> marks) {
    down = marks;
  }

  /** Returns the VIP whose flow table misses are counted per backend. */
  Optional<VipKey> watched() {
    return watched;
  }

  /** Sets the VIP whose flow table misses are counted per backend. */
  public void watch(Optional<VipKey> vip) {
    watched = vip;
  }

  /** Returns the backends that tables name. */
  Map<BackendKey, InstalledState.Named> named() {
    return named;
  }

  /** Returns the steps that write tables. */
  List<TableStep> steps() {
    return steps;
  }

  /** Adds a step that writes a table. */
  void add(TableStep step) {
    steps.add(step);
  }

  /** Adds a reference from a table to a backend. */
  void addReference(Backend backend) {
    named.merge(
        backend.key(),
        new InstalledState.Named(Delivery.of(backend), 1),
        (before, one) -> {
          requireSame(backend.key(), before.delivery(), one.delivery(), "a table");
          return new InstalledState.Named(before.delivery(), before.entries() + 1);
        });
  }

  /** Removes a reference from a table to a backend. */
  void removeReference(Backend backend) {
    named.computeIfPresent(
        backend.key(),
        (key, before) ->
            before.entries() == 1
                ? null
                : new InstalledState.Named(before.delivery(), before.entries() - 1));
  }

  /**
   * Returns the delivery of each backend, in the order in which VIPs and tables name them.
   *
   * @throws IllegalArgumentException if two VIPs or tables name a backend with different deliveries
   */
  Map<BackendKey, Delivery> backends() {
    Map<BackendKey, Delivery> deliveries = new LinkedHashMap<>();
    for (Vip vip : vips.values()) {
      for (Backend backend : vip.backends()) {
        Delivery delivery = Delivery.of(backend);
        Delivery other = deliveries.putIfAbsent(backend.key(), delivery);
        if (other != null) {
          requireSame(backend.key(), other, delivery, vip.key().toString());
        }
      }
    }
    named.forEach((key, name) -> {
      Delivery other = deliveries.putIfAbsent(key, name.delivery());
      if (other != null) {
        requireSame(key, other, name.delivery(), "a table");
      }
    });
    return deliveries;
  }

  private static void requireSame(BackendKey backend, Delivery one, Delivery other, String user) {
    if (!one.equals(other)) {
      throw new IllegalArgumentException(
          "backend %s is via %s for %s, but via %s for another VIP or table; change all of them in"
                  .formatted(backend, other, user, one)
              + " one apply()");
    }
  }

  /** Returns the features that the program needs. */
  Features features(Map<BackendKey, Delivery> deliveries, boolean changes) {
    int flags = 0;
    boolean prefixes = false;
    for (Vip vip : vips.values()) {
      flags |= InstalledState.flags(vip, watched);
      prefixes |= vip.key().prefix().isPresent();
    }
    boolean gue =
        deliveries.values().stream()
            .anyMatch(delivery -> delivery.encapsulation() instanceof Encapsulation.Gue);
    return new Features(flags, gue, prefixes, changes);
  }
}
