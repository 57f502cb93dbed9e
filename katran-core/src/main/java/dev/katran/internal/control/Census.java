package dev.katran.internal.control;

import dev.katran.Forwarding;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.VipFlags;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.IntTreePMap;
import org.pcollections.PMap;

/**
 * What is counted over all VIPs and backends of a state, and kept up to date with each of them, so
 * that no change has to visit them all. Immutable.
 *
 * @param flags how many VIPs have a flag of {@link VipFlags}, by flag
 * @param forwardings how many backends are reached in a way, by the way
 * @param destinations how many VIPs have a destination; each is listed that has any
 * @param prefixVips the VIPs of prefixes, each with itself
 * @param unstable the VIPs whose slots are not all stable, each with itself
 */
record Census(
    PMap<Integer, Integer> flags,
    PMap<Forwarding, Integer> forwardings,
    PMap<Destination, Integer> destinations,
    PMap<VipKey, VipKey> prefixVips,
    PMap<VipKey, VipKey> unstable) {

  static final Census EMPTY =
      new Census(
          IntTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty());

  /**
   * Counts a VIP in place of another.
   *
   * @param before the VIP with the same key; null if there was none
   * @param after null to remove it
   */
  Census replace(
      InstalledState.@Nullable Installed before, InstalledState.@Nullable Installed after) {
    Census next = this;
    int flagsBefore = before == null ? 0 : VipFlags.of(before.vip());
    int flagsAfter = after == null ? 0 : VipFlags.of(after.vip());
    if (flagsBefore != flagsAfter) {
      next = next.with(count(count(flags, flagsBefore, -1), flagsAfter, 1));
    }
    if (before == null && after != null) {
      next = next.withKey(after.vip().key());
    } else if (before != null && after == null) {
      next = next.withoutKey(before.vip().key());
    }
    boolean wasUnstable = before != null && !before.slots().isStable();
    boolean isUnstable = after != null && !after.slots().isStable();
    if (before != null && wasUnstable && !isUnstable) {
      next = next.withUnstable(next.unstable.minus(before.vip().key()));
    } else if (after != null && !wasUnstable && isUnstable) {
      next = next.withUnstable(next.unstable.plus(after.vip().key(), after.vip().key()));
    }
    return next;
  }

  private static PMap<Integer, Integer> count(
      PMap<Integer, Integer> counts, int flags, int change) {
    PMap<Integer, Integer> after = counts;
    for (int rest = flags; rest != 0; rest &= rest - 1) {
      after = add(after, Integer.lowestOneBit(rest), change);
    }
    return after;
  }

  private static <K> PMap<K, Integer> add(PMap<K, Integer> counts, K key, int change) {
    int count = counts.getOrDefault(key, 0) + change;
    return count == 0 ? counts.minus(key) : counts.plus(key, count);
  }

  private Census withKey(VipKey key) {
    return new Census(
        flags,
        forwardings,
        add(destinations, Destination.of(key), 1),
        key.prefix().isPresent() ? prefixVips.plus(key, key) : prefixVips,
        unstable);
  }

  private Census withoutKey(VipKey key) {
    return new Census(
        flags,
        forwardings,
        add(destinations, Destination.of(key), -1),
        prefixVips.minus(key),
        unstable);
  }

  private Census with(PMap<Integer, Integer> flags) {
    return new Census(flags, forwardings, destinations, prefixVips, unstable);
  }

  private Census withUnstable(PMap<VipKey, VipKey> unstable) {
    return new Census(flags, forwardings, destinations, prefixVips, unstable);
  }

  /**
   * Counts a backend in place of another.
   *
   * @param before null if there was none
   * @param after null to remove it
   */
  Census replace(@Nullable Delivery before, @Nullable Delivery after) {
    PMap<Forwarding, Integer> counts = forwardings;
    if (before != null) {
      counts = add(counts, before.forwarding(), -1);
    }
    if (after != null) {
      counts = add(counts, after.forwarding(), 1);
    }
    return counts.equals(forwardings)
        ? this
        : new Census(flags, counts, destinations, prefixVips, unstable);
  }

  private boolean has(Forwarding forwarding) {
    return forwardings.containsKey(forwarding);
  }

  /**
   * Returns the features that the program needs for what is counted.
   *
   * @param changes whether it must be able to change slots
   */
  Features neededFeatures(Optional<VipKey> watched, boolean changes) {
    int all = watched.isPresent() ? VipFlags.WATCHED : 0;
    for (int flag : flags.keySet()) {
      all |= flag;
    }
    return new Features(
        all,
        has(Forwarding.gue()),
        !prefixVips.isEmpty(),
        changes,
        has(Forwarding.rewrite()),
        has(Forwarding.direct()));
  }
}
