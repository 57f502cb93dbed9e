package dev.katran.ring;

import java.util.Arrays;

/**
 * A ring that is being filled: its slots, and how far each backend has walked over them.
 *
 * <p>Backend i's n-th station is slot {@code (offset + n * skip) mod size}, where the sum is a
 * 32-bit unsigned number and wraps around, because it does so in the C++ Katran. With 65537 slots
 * that can happen in the very last steps only; with more it is common. A walk that wraps may go in
 * circles that miss the free slots; it then goes on slot by slot, where the C++ Katran would search
 * for ever.
 */
final class Walks {

  /** Where in {@link #walks} a backend's numbers are. */
  private static final int POSITION = 0; // the sum, unsigned

  private static final int SLOT = 1; // the sum mod size
  private static final int SKIP = 2;
  private static final int LENGTH = 3;

  private static final char FREE = Maglev.MAX_BACKENDS;

  private final int size;
  private final char[] slots;
  private final int[] walks;
  private int free;

  /** The free slots, once there are few of them. */
  private final int[] last;

  Walks(long[] hashes, int size) {
    this.size = size;
    this.slots = new char[size];
    Arrays.fill(slots, FREE);
    this.walks = new int[hashes.length * LENGTH];
    this.free = size;
    this.last = new int[(int) Math.sqrt(size)];
    for (int i = 0; i < hashes.length; i++) {
      int walk = i * LENGTH;
      int offset = Maglev.offset(hashes[i], size);
      walks[walk + POSITION] = offset;
      walks[walk + SLOT] = offset;
      walks[walk + SKIP] = Maglev.skip(hashes[i], size);
    }
  }

  /** For each slot the index of the backend that took it. */
  char[] slots() {
    return slots;
  }

  /** How many slots are free. */
  int free() {
    return free;
  }

  /** Gives the backend the next free slot of its walk; there must be one. */
  void take(int backend) {
    int walk = backend * LENGTH;
    if (free > last.length) {
      search(walk);
    } else {
      if (free == last.length) {
        listFreeSlots();
      }
      leap(walk);
    }
    int slot = walks[walk + SLOT];
    slots[slot] = (char) backend;
    free--;
  }

  /** Walks to a free slot step by step: quick while there are many. */
  private void search(int walk) {
    int position = walks[walk + POSITION];
    int slot = walks[walk + SLOT];
    int skip = walks[walk + SKIP];
    int wraps = 0;
    while (slots[slot] != FREE) {
      position += skip;
      slot += skip - size;
      slot += slot >> 31 & size; // modulo size, without a branch: none could predict it
      if (Integer.compareUnsigned(position, skip) < 0) {
        slot = Integer.remainderUnsigned(position, size);
        wraps++;
        // 2^32 / gcd(skip, 2^32) steps lead back to where we came from
        if (wraps > skip >>> Integer.numberOfTrailingZeros(skip)) {
          skip = 1;
        }
      }
    }
    walks[walk + POSITION] = position;
    walks[walk + SLOT] = slot;
    walks[walk + SKIP] = skip;
  }

  private void listFreeSlots() {
    int count = 0;
    for (int slot = 0; slot < size; slot++) {
      if (slots[slot] == FREE) {
        last[count++] = slot;
      }
    }
  }

  /**
   * Finds the free slot that the walk comes to first: quick while there are few.
   *
   * <p>As the size is a prime, slot s is {@code (s - slot) / skip} steps ahead, divided modulo
   * size.
   */
  private void leap(int walk) {
    int position = walks[walk + POSITION];
    int slot = walks[walk + SLOT];
    int skip = walks[walk + SKIP];
    long inverse = inverse(skip);
    long quotient = (inverse << 32) / size; // multiplies modulo size without dividing (V. Shoup)
    long steps = size;
    int nearest = 0;
    for (int i = 0; i < free; i++) {
      int distance = last[i] - slot;
      distance += distance >> 31 & size;
      long multiple = (distance * quotient) >>> 32;
      long ahead = distance * inverse - (multiple + 1) * size;
      ahead += ahead >> 63 & size;
      if (ahead < steps) {
        steps = ahead;
        nearest = i;
      }
    }
    long sum = Integer.toUnsignedLong(position) + steps * skip;
    if (sum >>> 32 == 0) {
      walks[walk + POSITION] = (int) sum;
      walks[walk + SLOT] = last[nearest];
    } else {
      search(walk); // it wraps on its way
      nearest = 0;
      while (last[nearest] != walks[walk + SLOT]) {
        nearest++;
      }
    }
    last[nearest] = last[free - 1];
  }

  /** What gives 1 when multiplied by the number modulo size: Euclid's algorithm. */
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
