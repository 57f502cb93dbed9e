package dev.katran.fuzz;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.RingSlots;
import dev.katran.packets.Dice;

/** How far the change of a ring has come. */
enum ChangeStage {
  /** Some slots are changing, others settled from an earlier change, the rest stable. */
  CHANGING,
  /** What was changing is settled. */
  SETTLED,
  /** All are stable. */
  STABLE;

  /**
   * Puts the ring of these slots, which the seed says of what they are, and lets it come so far.
   */
  void applyTo(Dataplane dataplane, int vip, Slots slots, long seed) {
    dataplane.putRing(vip, ring(slots, seed, CHANGING));
    if (this != CHANGING) {
      dataplane.markRing(vip, ring(slots, seed, this));
    }
  }

  private static RingSlots ring(Slots slots, long seed, ChangeStage stage) {
    Dice dice = new Dice(seed);
    int[] numbers = slots.numbers();
    RingSlots.Builder ring = RingSlots.stable(numbers).toBuilder();
    for (int slot = 0; slot < numbers.length; slot++) {
      int kind = dice.below(4);
      int previous = dice.below(Playground.BACKENDS + 1);
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
      // a ring that is to be marked has something to mark
      ring.settled(0, numbers[0]);
    }
    return ring.build();
  }
}
