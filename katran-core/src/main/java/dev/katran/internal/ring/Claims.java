package dev.katran.internal.ring;

/**
 * The slots that backends claim in rounds, in any order within a round, and without a branch for
 * the CPU to mispredict.
 *
 * <p>In a round each backend claims the next slot of its permutation. An earlier round's claim to a
 * slot, or that of a lower index in the same round, wins; the loser claims the next slot of its own
 * permutation, whether it had the slot before or not. This is deferred acceptance (Gale and
 * Shapley, 1962) with the same preference at every slot. Its result does not depend on the order of
 * the claims, so it is the same as if the backends took their slots one after another.
 */
final class Claims {

  private static final int FREE = Integer.MAX_VALUE;

  private static final int INDEX_BITS = 16;
  private static final int INDEX = (1 << INDEX_BITS) - 1;
  private static final int MAX_ROUNDS = FREE >> INDEX_BITS;

  private final FreeSlots freeSlots;

  /** For each slot the round and the index of the backend that has claimed it. */
  private final int[] claims;

  private final int[] losers;
  private int round = 1;
  private int count;

  /**
   * Creates claims to the free slots.
   *
   * @param slots the indices of the backends that have taken the other ones
   */
  Claims(FreeSlots freeSlots, char[] slots, int backends) {
    this.freeSlots = freeSlots;
    this.claims = new int[slots.length];
    this.losers = new int[backends];
    this.count = freeSlots.count();
    for (int slot = 0; slot < slots.length; slot++) {
      claims[slot] = freeSlots.contains(slot) ? FREE : slots[slot];
    }
  }

  /** Returns the number of unclaimed slots. */
  int free() {
    return count;
  }

  /** Returns whether there can be another round. */
  boolean hasNext() {
    return round < MAX_ROUNDS;
  }

  /**
   * Claims a slot for each of some backends.
   *
   * @param backends in ascending order; not more than slots are free
   * @param states of the permutations
   */
  void claim(int[] backends, int number, int[] states) {
    System.arraycopy(backends, 0, losers, 0, number);
    int claim = round << INDEX_BITS;
    int claiming = number;
    while (claiming > 0) {
      int lost = 0;
      for (int i = 0; i < claiming; i++) {
        int backend = losers[i];
        int state = backend * Permutations.FIELDS;
        int slot = states[state + Permutations.SLOT];
        int skip = states[state + Permutations.SKIP];
        states[state + Permutations.SLOT] = freeSlots.add(slot, skip);
        int before = claims[slot];
        int ours = claim | backend;
        claims[slot] = Math.min(before, ours);
        int loser = Math.max(before, ours);
        losers[lost] = loser & INDEX;
        lost += (loser - FREE) >>> 31;
      }
      claiming = lost;
    }
    round++;
    count -= number;
  }

  /** Takes the claimed slots, and writes the indices of their backends. */
  void take(char[] slots) {
    for (int slot = 0; slot < slots.length; slot++) {
      slots[slot] = (char) claims[slot];
    }
    freeSlots.keepOnly(claims, FREE, count);
  }
}
