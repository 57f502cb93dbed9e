package dev.katran.internal.ring;

import org.jspecify.annotations.Nullable;

/**
 * A ring that is being filled: its slots, and the position of each backend in its permutation.
 *
 * <p>The n-th probe of a backend is slot {@code (offset + n * skip) mod size}. The sum is a 32-bit
 * unsigned integer that wraps around, as in the C++ Katran. With up to 65537 slots a wrap is only
 * possible in the very last probes; with more slots it is common. Probes that wrap may cycle
 * without reaching a free slot. This class then continues with a skip of 1, where the C++ Katran
 * would search forever.
 *
 * <p>The dominant cost is that of mispredicted branches. While many slots are free, many backends
 * therefore {@linkplain Claims claim} slots together. Few backends have {@linkplain Candidates
 * candidates}. Many that look for one of few slots test several probes at once and remember which
 * were free. For the very last slots, this class computes how many probes away each of them is.
 */
final class Permutations {

  /**
   * The fields of a backend in {@link #states}. {@code SLOT} is the next probe, or the first one
   * that {@link #FREE} is about.
   */
  static final int SLOT = 0;

  static final int SKIP = 1;

  /**
   * The 32-bit sum that leads to {@link #SLOT}. If sums cannot wrap, it holds the offset until the
   * backend's first {@link #searchLastFree}.
   */
  private static final int POSITION = 2;

  /** The inverse of the skip modulo size; 0 until the first {@link #searchLastFree}. */
  private static final int INVERSE = 3;

  /** The probes from {@link #SLOT} on that were free when they were tested: a bit each. */
  private static final int FREE = 4;

  /** The number of probes that were tested. */
  private static final int TESTED = 5;

  static final int FIELDS = 8;

  /** From this number of backends on, it pays to let them claim slots together. */
  private static final int MANY_BACKENDS = 64;

  /** From this number on, it pays until few slots are free. */
  private static final int VERY_MANY_BACKENDS = 4096;

  /** The largest size for which no sum wraps while more than two slots are free. */
  private static final int MAX_SIZE_WITHOUT_WRAPS = 65537;

  private final int size;
  private final boolean wraps;
  private final char[] slots;
  private final int[] states;
  private final FreeSlots freeSlots;

  /** Null unless there are few backends. */
  private final @Nullable Candidates candidates;

  /** Null outside of rounds. */
  private @Nullable Claims claims;

  /** The number of slots that are left to {@link #take}. */
  private int unclaimed;

  /** The free slots, once they fit into this array. */
  private final int[] lastFree;

  Permutations(long[] hashes, int size) {
    this.size = size;
    this.wraps = size > MAX_SIZE_WITHOUT_WRAPS;
    this.slots = new char[size];
    this.states = new int[hashes.length * FIELDS];
    this.freeSlots = new FreeSlots(size);
    this.lastFree = new int[(int) Math.sqrt(size) / 2];
    for (int i = 0; i < hashes.length; i++) {
      int state = i * FIELDS;
      int offset = Maglev.offset(hashes[i], size);
      states[state + SLOT] = offset;
      states[state + SKIP] = Maglev.skip(hashes[i], size);
      states[state + POSITION] = offset;
    }
    this.candidates =
        !wraps && hashes.length < MANY_BACKENDS ? new Candidates(freeSlots, states) : null;
  }

  /** Returns the index of the backend that took each slot. */
  char[] slots() {
    return slots;
  }

  /** Returns the number of free slots. */
  int free() {
    return claims == null ? freeSlots.count() : claims.free();
  }

  /** Starts rounds: from now on, slots are given by {@link #takeEach} only. */
  void startRounds() {
    int backends = states.length / FIELDS;
    if (!wraps && backends >= MANY_BACKENDS && free() > size / 2) {
      for (int i = 0; i < backends; i++) {
        skipTested(i * FIELDS);
      }
      claims = new Claims(freeSlots, slots, backends);
      unclaimed = size / (backends < VERY_MANY_BACKENDS ? 8 : 64);
    }
  }

  /**
   * Gives one slot to each of some backends, in order, as long as slots are free.
   *
   * @param backends in ascending order
   */
  void takeEach(int[] backends, int count) {
    int from = 0;
    if (claims != null && claims.hasNext()) {
      from = Math.clamp(claims.free() - unclaimed, 0, count);
      claims.claim(backends, from, states);
      if (from == count) {
        return;
      }
    }
    endClaims();
    int to = Math.min(count, from + free());
    if (!wraps && free() - (to - from) >= lastFree.length) {
      takeTested(backends, from, to);
      return;
    }
    for (int i = from; i < to; i++) {
      take(backends[i]);
    }
  }

  private void endClaims() {
    if (claims != null) {
      claims.take(slots);
      claims = null;
      if (freeSlots.count() <= lastFree.length) {
        listFreeSlots();
      }
    }
  }

  /** Gives one slot to each of some backends, as {@link #take} does while many slots are free. */
  private void takeTested(int[] backends, int from, int to) {
    int probes = probesAtOnce();
    for (int i = from; i < to; i++) {
      int backend = backends[i];
      int slot =
          candidates == null ? searchTested(backend * FIELDS, probes) : candidates.next(backend);
      slots[slot] = (char) backend;
      freeSlots.take(slot);
    }
    taken(to - from);
  }

  private void taken(int count) {
    freeSlots.taken(count);
    if (freeSlots.count() == lastFree.length) {
      listFreeSlots();
    }
  }

  /** Gives a backend the next free slot of its permutation. A slot must be free. */
  void take(int backend) {
    int state = backend * FIELDS;
    int slot;
    if (freeSlots.count() <= lastFree.length) {
      slot = searchLastFree(state);
    } else if (wraps) {
      slot = searchWithWraps(state);
    } else {
      slot = candidates == null ? searchTested(state, probesAtOnce()) : candidates.next(backend);
    }
    slots[slot] = (char) backend;
    freeSlots.take(slot);
    taken(1);
  }

  /**
   * Returns the next free slot of a permutation: the first tested probe that is still free. Tests
   * more if there is none.
   */
  private int searchTested(int state, int probes) {
    int skip = states[state + SKIP];
    int start = states[state + SLOT];
    int untaken = states[state + FREE];
    while (true) {
      while (untaken != 0) {
        int slot = freeSlots.after(start, skip, Integer.numberOfTrailingZeros(untaken));
        untaken &= untaken - 1;
        if (freeSlots.contains(slot)) {
          states[state + FREE] = untaken;
          return slot;
        }
      }
      start = freeSlots.after(start, skip, states[state + TESTED]);
      untaken = freeSlots.probe(start, skip, probes);
      states[state + SLOT] = start;
      states[state + TESTED] = probes;
    }
  }

  /** Returns how many probes to test: the more, the longer it takes until they are used. */
  private int probesAtOnce() {
    int free = freeSlots.count();
    if (free > size / 2) {
      return FreeSlots.MAX_PROBES / 4;
    }
    return free > size / 4 ? FreeSlots.MAX_PROBES / 2 : FreeSlots.MAX_PROBES;
  }

  /**
   * Reduces a number from {@code -size} to {@code size - 1} modulo size, without a branch that
   * would be mispredicted.
   */
  private int modulo(int number) {
    return number + (number >> 31 & size);
  }

  /** Returns the next free slot of a permutation whose sums may wrap, probe by probe. */
  private int searchWithWraps(int state) {
    int position = states[state + POSITION];
    int slot = states[state + SLOT];
    int skip = states[state + SKIP];
    int wrapCount = 0;
    while (!freeSlots.contains(slot)) {
      position += skip;
      slot = freeSlots.add(slot, skip);
      if (Integer.compareUnsigned(position, skip) < 0) {
        slot = Integer.remainderUnsigned(position, size);
        wrapCount++;
        // The sum returns to its start after 2^32 / gcd(skip, 2^32) probes.
        if (wrapCount > skip >>> Integer.numberOfTrailingZeros(skip)) {
          skip = 1;
          states[state + INVERSE] = 1;
        }
      }
    }
    states[state + POSITION] = position;
    states[state + SLOT] = slot;
    states[state + SKIP] = skip;
    return slot;
  }

  private void listFreeSlots() {
    int count = 0;
    for (int slot = 0; slot < size; slot++) {
      if (freeSlots.contains(slot)) {
        lastFree[count++] = slot;
      }
    }
  }

  /**
   * Removes and returns the free slot that comes first in a permutation. Fast while few are free.
   *
   * <p>Slot s is {@code (s - slot) / skip} probes away. The division is modulo size, which is
   * prime, and so a multiplication by the inverse of the skip.
   */
  private int searchLastFree(int state) {
    if (states[state + INVERSE] == 0) {
      prepareSearchLastFree(state);
    }
    int slot = states[state + SLOT];
    int skip = states[state + SKIP];
    long inverse = states[state + INVERSE];
    long quotient = quotient(inverse);
    int free = freeSlots.count();
    int probes = size;
    int nearest = 0;
    for (int i = 0; i < free; i++) {
      int distance = multiply(modulo(lastFree[i] - slot), inverse, quotient);
      if (distance < probes) {
        probes = distance;
        nearest = i;
      }
    }
    long sum = Integer.toUnsignedLong(states[state + POSITION]) + (long) probes * skip;
    if (sum >>> 32 == 0) {
      states[state + POSITION] = (int) sum;
      states[state + SLOT] = lastFree[nearest];
    } else {
      slot = searchWithWraps(state);
      nearest = 0;
      while (lastFree[nearest] != slot) {
        nearest++;
      }
    }
    slot = lastFree[nearest];
    lastFree[nearest] = lastFree[free - 1];
    return slot;
  }

  /** Computes the fields of a backend that only {@link #searchLastFree} needs. */
  private void prepareSearchLastFree(int state) {
    int skip = states[state + SKIP];
    int inverse = inverse(skip);
    states[state + INVERSE] = inverse;
    if (!wraps) {
      int offset = states[state + POSITION];
      skipTested(state);
      int distance = modulo(states[state + SLOT] - offset);
      states[state + POSITION] = offset + multiply(distance, inverse, quotient(inverse)) * skip;
    }
  }

  /** Makes the next probe that may be free the first one that is tested. */
  private void skipTested(int state) {
    if (candidates != null) {
      candidates.giveBack(state / FIELDS);
      return;
    }
    int untaken = states[state + FREE];
    int tested = untaken == 0 ? states[state + TESTED] : Integer.numberOfTrailingZeros(untaken);
    states[state + SLOT] = freeSlots.after(states[state + SLOT], states[state + SKIP], tested);
    states[state + FREE] = 0;
    states[state + TESTED] = 0;
  }

  /** Returns the precomputed quotient that {@link #multiply} needs for its second factor. */
  private long quotient(long factor) {
    return (factor << 32) / size;
  }

  /**
   * Multiplies two numbers modulo size without a division (V. Shoup's multiplication with a
   * precomputed quotient).
   */
  private int multiply(int number, long other, long quotientOfOther) {
    long multiple = (number * quotientOfOther) >>> 32;
    long product = number * other - (multiple + 1) * size;
    return (int) (product + (product >> 63 & size));
  }

  /** Returns the multiplicative inverse modulo size, by the extended Euclidean algorithm. */
  private int inverse(int number) {
    int remainder = size;
    int next = number;
    int inverse = 0;
    int nextInverse = 1;
    while (next != 0) {
      int quotient = remainder / next;
      int swap = remainder - quotient * next;
      remainder = next;
      next = swap;
      swap = inverse - quotient * nextInverse;
      inverse = nextInverse;
      nextInverse = swap;
    }
    return inverse < 0 ? inverse + size : inverse;
  }
}
