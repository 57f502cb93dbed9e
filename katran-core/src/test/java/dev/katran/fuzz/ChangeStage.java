package dev.katran.fuzz;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.packets.Dice;

/** How far a ring change has progressed. */
enum ChangeStage {
  /** Some slots are changing, some are settled from an earlier change, the rest are stable. */
  CHANGING,
  /** The slots that were changing are settled. */
  SETTLED,
  /** All slots are stable. */
  STABLE;

  /**
   * Installs a ring with changing slots and advances its change to this stage.
   *
   * @param seed selects the states of the slots and their previous backends
   */
  void applyTo(Dataplane dataplane, int vip, Slots slots, long seed) {
    dataplane.rings().put(vip, ring(slots, seed, CHANGING));
    if (this != CHANGING) {
      dataplane.rings().mark(vip, ring(slots, seed, this));
    }
  }

  private static RingSlots ring(Slots slots, long seed, ChangeStage stage) {
    Dice dice = new Dice(seed);
    int[] numbers = slots.numbers();
    RingSlots.Builder ring = RingSlots.stable(numbers).toBuilder();
    for (int slot = 0; slot < numbers.length; slot++) {
      int kind = dice.below(4);
      int previous = dice.below(Universe.BACKENDS + 1);
      if (stage == STABLE || kind == 0) {
        continue;
      }
      if (kind == 1 || stage == SETTLED) {
        ring.settled(slot, numbers[slot]);
      } else {
        ring.changing(slot, numbers[slot], previous);
      }
    }
    if (stage != STABLE) {
      // mark() requires at least one slot that is not stable
      ring.settled(0, numbers[0]);
    }
    return ring.build();
  }
}
