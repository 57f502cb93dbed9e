package dev.katran;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.RingSlots;
import java.time.Instant;
import java.util.BitSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ring of a VIP as the dataplane has it, and until when its slots are changing. Immutable.
 *
 * <p>A slot that gets another backend is <em>changing</em> for a window; a further change within it
 * keeps the oldest previous backend, since younger flows have entries in the flow table. Then it is
 * <em>settled</em>, and <em>stable</em> again once no live entry leads elsewhere.
 */
final class RingState {

  private final RingSlots slots;

  /** Milliseconds since the epoch, for the slots that are changing; null if none is. */
  private final long @Nullable [] deadlines;

  private RingState(RingSlots slots, long @Nullable [] deadlines) {
    this.slots = slots;
    this.deadlines = deadlines;
  }

  /** A ring whose flows are all where it says. */
  static RingState stable(int[] backends) {
    return new RingState(RingSlots.stable(backends), null);
  }

  RingSlots slots() {
    return slots;
  }

  /**
   * The ring after another one has taken its place.
   *
   * @param backends the backend of each slot from now on
   * @param removed those that leave the VIP: their flows go to the slot's backend at once
   * @param deadline until when slots whose backend changes are changing
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
        // nobody to keep the old flows; those that are known stay known
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

  /** The ring with the slots settled whose time has come; the same one if there is none. */
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
   * The ring with some slots stable that have been settled since another state of it.
   *
   * @param candidates slots that were settled then and that no live entry leads away from
   */
  RingState stabilise(RingState since, BitSet candidates) {
    RingSlots.Builder after = slots.toBuilder();
    candidates.stream()
        .filter(slot -> slots.isSettled(slot) && slots.backend(slot) == since.slots.backend(slot))
        .forEach(slot -> after.stable(slot, slots.backend(slot)));
    return new RingState(after.build(), deadlines);
  }

  /** The slots that are settled. */
  BitSet settled() {
    BitSet settled = new BitSet();
    for (int slot = 0; slot < slots.size(); slot++) {
      if (slots.isSettled(slot)) {
        settled.set(slot);
      }
    }
    return settled;
  }

  /** How many slots are changing. */
  int changing() {
    int changing = 0;
    for (int slot = 0; slot < slots.size(); slot++) {
      if (slots.isChanging(slot)) {
        changing++;
      }
    }
    return changing;
  }

  /** When the last slot that is changing will be settled. */
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
