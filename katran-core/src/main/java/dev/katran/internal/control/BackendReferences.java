package dev.katran.internal.control;

import com.google.common.collect.Sets;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Vip;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The backends that a change touches, with the number of VIPs and table entries that will name each
 * of them. All references that end must be removed before others are added, so that a change may
 * give a backend another delivery in all VIPs and tables at once.
 */
final class BackendReferences {

  /** A backend that a change touches. */
  static final class Touched {

    private final InstalledState.@Nullable InstalledBackend before;
    private int users;
    private int serving;
    private @Nullable Delivery delivery;

    private Touched(InstalledState.@Nullable InstalledBackend before) {
      this.before = before;
      this.users = before == null ? 0 : before.users();
      this.serving = before == null ? 0 : before.serving();
      this.delivery = before == null ? null : before.delivery();
    }

    /** Returns the installed backend; null if it is new. */
    InstalledState.@Nullable InstalledBackend before() {
      return before;
    }

    /** Returns whether anything about the backend changes. */
    boolean hasChanged() {
      return before == null
          ? users > 0
          : before.users() != users
              || before.serving() != serving
              || !before.delivery().equals(delivery);
    }

    /** Returns how many VIPs and table entries will name the backend. */
    int users() {
      return users;
    }

    /** Returns how many VIPs will have slots for the backend. */
    int serving() {
      return serving;
    }

    /** Returns how to reach the backend; null if it will not be used. */
    @Nullable Delivery delivery() {
      return users == 0 ? null : delivery;
    }
  }

  private final Map<BackendKey, InstalledState.InstalledBackend> installed;
  private final Map<BackendKey, Touched> touched = new LinkedHashMap<>();

  BackendReferences(Map<BackendKey, InstalledState.InstalledBackend> installed) {
    this.installed = installed;
  }

  private Touched touch(BackendKey key) {
    return touched.computeIfAbsent(key, absent -> new Touched(installed.get(key)));
  }

  /** Removes the references of an installed VIP. */
  void remove(InstalledState.Installed vip) {
    removeAll(vip.vip().backends(), vip.ring().backends());
  }

  private void removeAll(Collection<Backend> backends, Collection<Backend> serving) {
    backends.forEach(backend -> remove(backend, 1));
    serving.forEach(backend -> touch(backend.key()).serving--);
  }

  /**
   * Removes the references of an installed VIP, except those that another one in its place has as
   * well: most changes are about one backend of many.
   *
   * @param ring the backends that will have slots
   */
  void removeOthers(InstalledState.Installed before, Vip after, RingCache.Key ring) {
    removeAll(
        Sets.difference(Set.copyOf(before.vip().backends()), Set.copyOf(after.backends())),
        Sets.difference(before.ring().backends(), ring.backends()));
  }

  /**
   * Adds the references of a VIP.
   *
   * @param before the installed one, if {@link #removeOthers} left its references; null if there
   *     are none
   * @param ring the backends that will have slots
   * @throws IllegalArgumentException as {@link #add(Backend, Object, int)}
   */
  void add(InstalledState.@Nullable Installed before, Vip vip, RingCache.Key ring) {
    Set<Backend> known = before == null ? Set.of() : Set.copyOf(before.vip().backends());
    Set<Backend> serving = before == null ? Set.of() : before.ring().backends();
    for (Backend backend : vip.backends()) {
      if (!known.contains(backend)) {
        add(backend, vip.key(), 1);
      }
    }
    Sets.difference(ring.backends(), serving).forEach(backend -> touch(backend.key()).serving++);
  }

  /** Removes references to an installed backend. */
  void remove(Backend backend, int count) {
    touch(backend.key()).users -= count;
  }

  /**
   * Adds references to a backend.
   *
   * @param user what refers to it, for messages
   * @param count how often
   * @throws IllegalArgumentException if another reference has another delivery
   */
  void add(Backend backend, Object user, int count) {
    Touched target = touch(backend.key());
    Delivery delivery = Delivery.of(backend);
    if (target.users > 0 && !delivery.equals(target.delivery)) {
      throw new IllegalArgumentException(
          "backend %s is via %s for %s, but via %s for another VIP or table; change all of them in"
                  .formatted(backend.key(), delivery, user, target.delivery)
              + " one apply()");
    }
    target.delivery = delivery;
    target.users += count;
  }

  /** Returns the backends that the change touches, in the order in which it names them. */
  Map<BackendKey, Touched> touched() {
    return touched;
  }
}
