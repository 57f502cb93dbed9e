package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Plans the slots of rings. VIPs whose rings are equal, and change alike, get the same slots, which
 * take half a megabyte while they change. Used for one plan.
 */
final class RingPlanner {

  /** What the slots of a changed ring depend on. Compares the slots before by identity. */
  private record Change(
      RingState before, RingCache.Key after, Set<Integer> removed, Duration window) {}

  /**
   * How many changed rings are computed while they are planned. If there are more, they are
   * computed while they are written.
   */
  private static final int COMPUTED = 64;

  private final InstalledState from;
  private final ChangeWindow.Start start;
  private final long limitedFlows;
  private final RingCache rings;
  private final Map<Change, RingState> changed = new HashMap<>();
  private final Map<Duration, ChangeWindow> windows = new HashMap<>();
  private boolean changesSlots;

  /**
   * Creates a planner.
   *
   * @param rings the rings in use
   * @param start the time at which the windows begin
   * @param limitedFlows how many flows have found no place in the flow table so far
   */
  RingPlanner(InstalledState from, RingCache rings, ChangeWindow.Start start, long limitedFlows) {
    this.from = from;
    this.rings = rings;
    this.start = start;
    this.limitedFlows = limitedFlows;
  }

  /** Returns whether any planned ring has slots that are not stable. */
  boolean changesSlots() {
    return changesSlots;
  }

  /**
   * Plans the slots of a VIP.
   *
   * @param before null if the VIP is new
   * @param ring its new ring
   * @param unreachable the indices of its backends that have no next hop. Their flows move to the
   *     new backends at once, like those of backends that leave
   * @param window how long a slot is changing after its backend changes
   * @param number returns the index of a backend
   */
  RingState plan(
      InstalledState.@Nullable Installed before,
      Vip vip,
      RingCache.Key ring,
      Set<Integer> unreachable,
      Duration window,
      ToIntFunction<BackendKey> number) {
    if (before == null || !keepsFlows(before.vip(), vip)) {
      return rings.stable(ring, number);
    }
    // A backend can leave without changing the ring: a draining backend has no slots.
    Set<Integer> removed = new HashSet<>(from.leaving(before.vip(), vip));
    removed.addAll(unreachable);
    if (ring.equals(before.ring()) && removed.isEmpty()) {
      return before.slots();
    }
    RingState after =
        changed.computeIfAbsent(
            new Change(before.slots(), ring, removed, window),
            change -> {
              RingState stable = rings.stable(ring, number);
              if (before.slots().isStable() && removed.isEmpty() && changed.size() >= COMPUTED) {
                return before.slots().deferChangeTo(stable.slots(), windowOf(window));
              }
              RingState slots = before.slots().changeTo(stable.slots(), removed, windowOf(window));
              return slots.isStable() ? stable : slots;
            });
    changesSlots |= !after.isStable();
    return after;
  }

  /** Returns whether open flows keep their backends when one VIP replaces the other. */
  static boolean keepsFlows(Vip before, Vip after) {
    return before.tracking() == Tracking.ADAPTIVE
        && after.tracking() == Tracking.ADAPTIVE
        && before.hashing() == after.hashing();
  }

  private ChangeWindow windowOf(Duration length) {
    return windows.computeIfAbsent(
        length, each -> ChangeWindow.starting(start, each, limitedFlows));
  }
}
