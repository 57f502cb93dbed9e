package dev.katran.internal.control;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingSlots;
import java.time.Instant;
import java.util.BitSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ring of a VIP in the dataplane, with the deadlines of its changing slots. Immutable.
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
   * The deadline of each changing slot in milliseconds since the epoch; null if none is changing.
   */
  private final long @Nullable [] deadlines;

  private RingState(RingSlots slots, long @Nullable [] deadlines) {
    this.slots = slots;
    this.deadlines = deadlines;
  }

  /** Returns a ring whose slots are all stable. */
  static RingState stable(int[] backends) {
    return new RingState(RingSlots.stable(backends), null);
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
   * @param deadline the end of the window of slots whose backend changes
   */
  RingState changeTo(int[] backends, Set<Integer> removed, Instant deadline) {
    RingSlots.Builder after = slots.toBuilder();
    long[] until = deadlines == null ? new long[backends.length] : deadlines.clone();
    for (int slot = 0; slot < backends.length; slot++) {
      int backend = backends[slot];
      int before = slots.backend(slot);
      int oldest = slots.isChanging(slot) ? slots.previous(slot) : before;
      boolean isKept = backend == before;
      if (oldest == Dataplane.NO_BACKEND || removed.contains(oldest)) {
        // No backend remains for the old flows. Flows that have an entry keep it.
        until[slot] = 0;
        if (slots.isStable(slot)) {
          after.stable(slot, backend);
        } else {
          after.settled(slot, backend);
        }
      } else if (!isKept) {
        after.changing(slot, backend, oldest);
        until[slot] = deadline.toEpochMilli();
      }
    }
    return new RingState(after.build(), until);
  }

  /** Settles the slots whose window has ended. Returns this ring if there are none. */
  RingState settle(Instant now) {
    if (deadlines == null) {
      return this;
    }
    RingSlots.Builder after = slots.toBuilder();
    long[] until = deadlines.clone();
    int settled = 0;
    int changing = 0;
    for (int slot = 0; slot < until.length; slot++) {
      if (until[slot] == 0) {
        continue;
      }
      if (until[slot] <= now.toEpochMilli()) {
        after.settled(slot, slots.backend(slot));
        until[slot] = 0;
        settled++;
      } else {
        changing++;
      }
    }
    return settled == 0 ? this : new RingState(after.build(), changing == 0 ? null : until);
  }

  /**
   * Returns this ring with slots stable that have not changed since an earlier state.
   *
   * @param since the earlier state
   * @param candidates slots that were settled then and whose live entries all name the slot's
   *     backend
   */
  RingState stabilise(RingState since, BitSet candidates) {
    RingSlots.Builder after = slots.toBuilder();
    candidates.stream()
        .filter(slot -> slots.isSettled(slot) && slots.backend(slot) == since.slots.backend(slot))
        .forEach(slot -> after.stable(slot, slots.backend(slot)));
    return new RingState(after.build(), deadlines);
  }

  /** Returns the settled slots. */
  BitSet settled() {
    BitSet settled = new BitSet();
    for (int slot = 0; slot < slots.size(); slot++) {
      if (slots.isSettled(slot)) {
        settled.set(slot);
      }
    }
    return settled;
  }

  /** Returns the number of changing slots. */
  int changing() {
    int changing = 0;
    for (int slot = 0; slot < slots.size(); slot++) {
      if (slots.isChanging(slot)) {
        changing++;
      }
    }
    return changing;
  }

  /** Returns when the last changing slot settles; empty if no slot is changing. */
  Optional<Instant> until() {
    if (deadlines == null) {
      return Optional.empty();
    }
    long last = 0;
    for (long deadline : deadlines) {
      last = Math.max(last, deadline);
    }
    return last == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(last));
  }
}
