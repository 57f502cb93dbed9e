package dev.katran.internal.ring;

import java.util.Arrays;

/**
 * A ring that is being filled: its slots, and the position of each backend in its permutation.
 *
 * <p>The n-th probe of a backend is slot {@code (offset + n * skip) mod size}. The sum is a 32-bit
 * unsigned integer that wraps around, as in the C++ Katran. With up to 65537 slots a wrap is only
 * possible in the very last probes; with more slots it is common. Probes that wrap may cycle
 * without reaching a free slot. This class then continues with a skip of 1, where the C++ Katran
 * would search forever.
 *
 * <p>The dominant cost is the mispredicted branch that ends a search. A search therefore tests
 * several probes at once and selects the first free one with arithmetic instead of branches. Once
 * few slots are free, it computes for each of them how many probes away it is.
 */
final class Permutations {

  /** The fields of a backend in {@link #states}. {@code SLOT} is the next probe. */
  private static final int SLOT = 0;

  private static final int SKIP = 1;

  /**
   * The 32-bit sum that leads to {@link #SLOT}. If sums cannot wrap, it holds the offset until the
   * backend's first {@link #searchLastFree}.
   */
  private static final int POSITION = 2;

  /** The inverse of the skip modulo size; 0 until the first {@link #searchLastFree}. */
  private static final int INVERSE = 3;

  private static final int FIELDS = 4;

  /** The largest size for which no sum wraps while more than two slots are free. */
  private static final int MAX_SIZE_WITHOUT_WRAPS = 65537;

  private static final char FREE = Maglev.MAX_BACKENDS;

  private final int size;
  private final boolean wraps;
  private final char[] slots;
  private final int[] states;
  private int free;

  /** The free slots, once they fit into this array. */
  private final int[] lastFree;

  Permutations(long[] hashes, int size) {
    this.size = size;
    this.wraps = size > MAX_SIZE_WITHOUT_WRAPS;
    this.slots = new char[size];
    Arrays.fill(slots, FREE);
    this.states = new int[hashes.length * FIELDS];
    this.free = size;
    this.lastFree = new int[(int) Math.sqrt(size) / 2];
    for (int i = 0; i < hashes.length; i++) {
      int state = i * FIELDS;
      int offset = Maglev.offset(hashes[i], size);
      states[state + SLOT] = offset;
      states[state + SKIP] = Maglev.skip(hashes[i], size);
      states[state + POSITION] = offset;
    }
  }

  /** Returns the index of the backend that took each slot. */
  char[] slots() {
    return slots;
  }

  /** Returns the number of free slots. */
  int free() {
    return free;
  }

  /** Gives one slot to each of the first n backends, in order. At least n slots must be free. */
  void takeInTurns(int backends) {
    int searches = wraps ? 0 : Math.clamp(free - lastFree.length, 0, backends);
    for (int i = 0; i < searches; i++) {
      search(i);
    }
    count(searches);
    for (int i = searches; i < backends; i++) {
      take(i);
    }
  }

  /** Gives a backend the next free slot of its permutation. A slot must be free. */
  void take(int backend) {
    int state = backend * FIELDS;
    if (free <= lastFree.length) {
      slots[searchLastFree(state)] = (char) backend;
    } else if (wraps) {
      slots[searchWithWraps(state)] = (char) backend;
    } else {
      search(backend);
    }
    count(1);
  }

  /** Subtracts slots that were taken, and lists the free ones once they fit. */
  private void count(int taken) {
    boolean wasListed = free <= lastFree.length;
    free -= taken;
    if (!wasListed && free <= lastFree.length) {
      listFreeSlots();
    }
  }

  /** Gives a backend the next free slot of its permutation if sums cannot wrap. */
  private void search(int backend) {
    int state = backend * FIELDS;
    int skip = states[state + SKIP];
    int slot = search(states[state + SLOT], skip);
    states[state + SLOT] = next(slot, skip);
    slots[slot] = (char) backend;
  }

  /** Returns the first free probe, starting with the given one. Fast while many slots are free. */
  private int search(int first, int skip) {
    int second = next(first, skip);
    int third = next(second, skip);
    int free1 = maskIfFree(first);
    int free2 = maskIfFree(second);
    int free3 = maskIfFree(third);
    int found = select(free1, first, select(free2, second, third));
    if ((free1 | free2 | free3) == 0) {
      found = searchFurther(next(third, skip), skip);
    }
    return found;
  }

  /**
   * Returns the first free probe, starting with the given one. Faster than {@link #search(int,
   * int)} while few slots are free, because the four probes are computed independently.
   */
  private int searchFurther(int first, int skip) {
    int skip2 = next(skip, skip);
    int skip3 = next(skip2, skip);
    int skip4 = next(skip3, skip);
    while (true) {
      int second = next(first, skip);
      int third = next(first, skip2);
      int fourth = next(first, skip3);
      int free1 = maskIfFree(first);
      int free2 = maskIfFree(second);
      int free3 = maskIfFree(third);
      int free4 = maskIfFree(fourth);
      if ((free1 | free2 | free3 | free4) != 0) {
        return select(free1, first, select(free2, second, select(free3, third, fourth)));
      }
      first = next(first, skip4);
    }
  }

  private int next(int slot, int skip) {
    return modulo(slot + skip - size);
  }

  /**
   * Reduces a number from {@code -size} to {@code size - 1} modulo size, without a branch that
   * would be mispredicted.
   */
  private int modulo(int number) {
    return number + (number >> 31 & size);
  }

  /** Returns -1 if a slot is free, else 0. */
  private int maskIfFree(int slot) {
    return -((slots[slot] + 1) >> 16); // FREE is 2^16 - 1
  }

  /** Returns the first value if the mask is -1, the second if it is 0. */
  private static int select(int mask, int first, int second) {
    return second ^ ((first ^ second) & mask);
  }

  /** Returns the next free slot of a permutation whose sums may wrap, probe by probe. */
  private int searchWithWraps(int state) {
    int position = states[state + POSITION];
    int slot = states[state + SLOT];
    int skip = states[state + SKIP];
    int wrapCount = 0;
    while (slots[slot] != FREE) {
      position += skip;
      slot = next(slot, skip);
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
      if (slots[slot] == FREE) {
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
      int distance = modulo(states[state + SLOT] - offset);
      states[state + POSITION] = offset + multiply(distance, inverse, quotient(inverse)) * skip;
    }
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
