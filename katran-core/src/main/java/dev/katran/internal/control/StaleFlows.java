package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.FlowHashing;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.VipFlags;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Selects the flow table entries that a change invalidates: those of backends that left their VIP,
 * and those of removed VIPs and backends, whose indices may be reused.
 */
final class StaleFlows implements Predicate<FlowTable.Entry> {

  private final InstalledState from;
  private final Set<Integer> vips = new HashSet<>();
  private final Set<Integer> backends = new HashSet<>();

  /** Backends that left a VIP. Another change may {@linkplain #keep bring one back} meanwhile. */
  private final Set<DownKey> left = ConcurrentHashMap.newKeySet();

  StaleFlows(InstalledState from) {
    this.from = from;
  }

  private boolean tracks(Vip vip) {
    return from.features().tracksFlows() && vip.tracking() != Tracking.NONE;
  }

  /**
   * Returns whether both VIPs find the same entries. With adaptive tracking the slot decides
   * whether the flow table is looked up, so that another hash function does not find them.
   */
  private static boolean sameFlowKeys(Vip before, Vip after) {
    if (before.hashing() == after.hashing()) {
      return true;
    }
    boolean isExact = before.port() != 0 && before.key().prefix().isEmpty();
    return before.tracking() == Tracking.ALWAYS
        && FlowHashing.sameKeys(
            VipFlags.of(before.hashing()), VipFlags.of(after.hashing()), isExact);
  }

  /**
   * Selects the entries that are stale in a state, whatever has happened before.
   *
   * @param vips the indices of the state's VIPs
   * @param backends the indices of its backends
   * @param left backends that left a VIP, unless the VIP has them again
   */
  static Predicate<FlowTable.Entry> unknown(
      InstalledState state, Set<Integer> vips, Set<Integer> backends, Set<StoredState.Left> left) {
    StaleFlows stale = new StaleFlows(state);
    left.forEach(pair -> stale.left.add(new DownKey(pair.vip(), pair.backend())));
    stale.keep(state);
    return entry ->
        !vips.contains(entry.vip()) || !backends.contains(entry.backend()) || stale.test(entry);
  }

  /** Adds the entries that a change of a VIP invalidates. */
  void changed(InstalledState.Installed before, Vip after) {
    if (!tracks(before.vip())) {
      return;
    }
    if (!tracks(after)
        || before.vip().tracking() != after.tracking()
        || !sameFlowKeys(before.vip(), after)) {
      vips.add(before.number()); // no packet would find them
      return;
    }
    from.leaving(before.vip(), after)
        .forEach(backend -> left.add(new DownKey(before.number(), backend)));
  }

  /** Adds the entries of a removed VIP. */
  void removed(InstalledState.Installed vip) {
    if (tracks(vip.vip())) {
      vips.add(vip.number());
    }
  }

  /** Adds the entries of a removed backend. */
  void removedBackend(int number) {
    if (from.features().tracksFlows()) {
      backends.add(number);
    }
  }

  /**
   * Keeps the entries for backends that their VIP has again in a later state. They are valid: their
   * flows have not moved.
   */
  void keep(InstalledState later) {
    if (left.isEmpty()) {
      return;
    }
    Set<Integer> numbers = left.stream().map(DownKey::vip).collect(Collectors.toSet());
    for (InstalledState.Installed installed : later.vips().values()) {
      if (numbers.contains(installed.number())) {
        keep(installed, later);
      }
    }
  }

  private void keep(InstalledState.Installed installed, InstalledState later) {
    for (Backend backend : installed.vip().backends()) {
      InstalledState.InstalledBackend known = later.backends().get(backend.key());
      if (known != null) {
        left.remove(new DownKey(installed.number(), known.number()));
      }
    }
  }

  /** Returns whether any entry may be stale. */
  boolean isNeeded() {
    return !vips.isEmpty() || !backends.isEmpty() || !left.isEmpty();
  }

  @Override
  public boolean test(FlowTable.Entry entry) {
    return vips.contains(entry.vip())
        || backends.contains(entry.backend())
        || left.contains(new DownKey(entry.vip(), entry.backend()));
  }
}
