package dev.katran.internal.control;

import com.google.common.collect.ImmutableSet;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingSlots;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ring of a VIP in the dataplane, with the windows of its changing slots. Immutable.
 *
 * <p>A slot whose backend changes is <em>changing</em> for a window. A second change within the
 * window keeps the oldest previous backend, because younger flows have entries in the flow table.
 * When the window ends, the slot is <em>settled</em>. It is <em>stable</em> again once no live
 * entry of the flow table names another backend.
 *
 * <p>Flows of stable slots need no entries. This is the idea of "Just Enough Tracking": Mendelson
 * et al., <a href="https://doi.org/10.1145/3485983.3494851">"Load Balancing with JET: Just Enough
 * Tracking for Connection Consistency"</a>, CoNEXT 2021. A slot that holds both its current and its
 * previous backend also appears in GitHub's GLB, Cloudflare's Unimog and Beamer (NSDI 2018).
 */
final class RingState {

  private final RingSlots slots;

  /**
   * The window of each slot's last change; null for a slot that has not changed since all slots
   * were stable. Kept when the slot settles: a slot with the same window as before has not changed
   * in between, whatever its backend. Null if all slots are stable.
   */
  private final @Nullable ChangeWindow @Nullable [] windows;

  /** The windows of the changing slots. */
  private final Set<ChangeWindow> open;

  private final int changing;
  private final int settled;

  private RingState(RingSlots slots, @Nullable ChangeWindow @Nullable [] windows) {
    int changing = 0;
    int settled = 0;
    ChangeWindow last = null;
    Set<ChangeWindow> open = new LinkedHashSet<>();
    for (int slot = 0; windows != null && slot < windows.length; slot++) {
      if (slots.isSettled(slot)) {
        settled++;
      } else if (slots.isChanging(slot)) {
        changing++;
        ChangeWindow window = windows[slot];
        if (window != null && window != last) {
          open.add(window);
          last = window;
        }
      }
    }
    this.slots = slots;
    this.open = ImmutableSet.copyOf(open);
    this.windows = changing + settled == 0 ? null : windows;
    this.changing = changing;
    this.settled = settled;
  }

  /** Returns a ring whose slots are all stable. */
  static RingState stable(int[] backends) {
    return stable(RingSlots.stable(backends));
  }

  /** Returns a ring of slots that are all stable. */
  static RingState stable(RingSlots slots) {
    return new RingState(slots, null);
  }

  /** Returns the slots. */
  RingSlots slots() {
    return slots;
  }

  /**
   * Returns this ring after a change.
   *
   * @param backends the new backend of each slot
   * @param removed the backends that leave the VIP. Their flows move to the new backends at once
   * @param change the window of slots whose backend changes; new with each change
   */
  RingState changeTo(int[] backends, Set<Integer> removed, ChangeWindow change) {
    Map<Duration, ChangeWindow> earlier = new HashMap<>();
    RingSlots.Builder after = slots.toBuilder();
    @Nullable ChangeWindow[] last =
        windows == null ? new ChangeWindow[backends.length] : windows.clone();
    for (int slot = 0; slot < backends.length; slot++) {
      int backend = backends[slot];
      int before = slots.backend(slot);
      boolean isChanging = slots.isChanging(slot);
      int oldest = isChanging ? slots.previous(slot) : before;
      boolean hasPrevious = oldest != Dataplane.NO_BACKEND && !removed.contains(oldest);
      if (backend == before && (hasPrevious || !isChanging)) {
        continue;
      }
      ChangeWindow ended = last[slot];
      last[slot] =
          isChanging && ended != null
              ? earlier.computeIfAbsent(ended.since(), change::since)
              : change;
      if (hasPrevious) {
        after.changing(slot, backend, oldest);
      } else if (slots.isStable(slot)) {
        // No backend remains for the old flows.
        after.stable(slot, backend);
      } else {
        // The same. Flows that have an entry keep it.
        after.settled(slot, backend);
      }
    }
    return new RingState(after.build(), last);
  }

  /**
   * Extends the windows that have ended and in which flows found no place, see {@link
   * ChangeWindow#extend}. Returns this ring if there are none.
   */
  RingState extend(Duration now, long limited, Duration least) {
    Map<ChangeWindow, ChangeWindow> extended = new HashMap<>();
    for (ChangeWindow window : open) {
      ChangeWindow after = window.hasEnded(now) ? window.extend(limited, least) : window;
      if (after != window) {
        extended.put(window, after);
      }
    }
    if (windows == null || extended.isEmpty()) {
      return this;
    }
    @Nullable ChangeWindow[] last = windows.clone();
    for (int slot = 0; slot < last.length; slot++) {
      ChangeWindow window = last[slot];
      if (slots.isChanging(slot) && window != null) {
        last[slot] = extended.getOrDefault(window, window);
      }
    }
    return new RingState(slots, last);
  }

  /** Settles the slots whose window has ended. Returns this ring if there are none. */
  RingState settle(Duration now) {
    if (windows == null || open.stream().noneMatch(window -> window.hasEnded(now))) {
      return this;
    }
    RingSlots.Builder after = slots.toBuilder();
    for (int slot = 0; slot < windows.length; slot++) {
      ChangeWindow window = windows[slot];
      if (slots.isChanging(slot) && window != null && window.hasEnded(now)) {
        after.settled(slot, slots.backend(slot));
      }
    }
    return new RingState(after.build(), windows);
  }

  /**
   * Returns this ring with slots stable that have not changed since an earlier state; this ring
   * itself if there are none.
   *
   * @param since the earlier state
   * @param candidates slots that were settled then and whose live entries all name the slot's
   *     backend
   */
  RingState stabilise(RingState since, BitSet candidates) {
    int[] unchanged =
        candidates.stream()
            .filter(slot -> slots.isSettled(slot) && windowOf(slot) == since.windowOf(slot))
            .toArray();
    if (unchanged.length == 0) {
      return this;
    }
    RingSlots.Builder after = slots.toBuilder();
    for (int slot : unchanged) {
      after.stable(slot, slots.backend(slot));
    }
    return new RingState(after.build(), windows);
  }

  private @Nullable ChangeWindow windowOf(int slot) {
    return windows == null ? null : windows[slot];
  }

  /** Returns the settled slots. */
  BitSet settledSlots() {
    BitSet found = new BitSet();
    for (int slot = 0; settled > 0 && slot < slots.size(); slot++) {
      if (slots.isSettled(slot)) {
        found.set(slot);
      }
    }
    return found;
  }

  /** Returns whether all slots are stable. */
  boolean isStable() {
    return changing + settled == 0;
  }

  /** Returns the number of settled slots. */
  int settled() {
    return settled;
  }

  /** Returns the number of changing slots. */
  int changing() {
    return changing;
  }

  /** Returns the longest time for which a slot that is changing will have been changing. */
  Duration span() {
    return open.stream().map(ChangeWindow::span).max(Duration::compareTo).orElse(Duration.ZERO);
  }

  /** Returns how often the window of a changing slot was extended, at most. */
  int extensions() {
    return open.stream().mapToInt(ChangeWindow::extensions).max().orElse(0);
  }

  /** Returns when the last changing slot settles; empty if no slot is changing. */
  Optional<Duration> until() {
    return open.stream().map(ChangeWindow::deadline).max(Duration::compareTo);
  }
}
