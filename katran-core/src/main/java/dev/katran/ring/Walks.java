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
 *
 * <p>What costs time is the branch that ends a search, which no processor can predict. So a search
 * looks at some stations together and picks the first free one by arithmetic.
 */
final class Walks {

  /** Where in {@link #walks} a backend's numbers are. */
  private static final int SLOT = 0; // a station, where the next search begins

  private static final int SKIP = 1;

  /**
   * The unsigned sum that leads to {@link #SLOT}. Of a walk that cannot wrap it is the offset,
   * until its first leap.
   */
  private static final int POSITION = 2;

  private static final int INVERSE = 3; // of the skip, modulo size; 0 until the first leap
  private static final int LENGTH = 4;

  /** With so many slots or less, no sum wraps while more than two of them are free. */
  private static final int MAX_SIZE_WITHOUT_WRAPS = 65537;

  private static final char FREE = Maglev.MAX_BACKENDS;

  private final int size;
  private final boolean wraps;
  private final char[] slots;
  private final int[] walks;
  private int free;

  /** The free slots, once there are few of them. */
  private final int[] last;

  Walks(long[] hashes, int size) {
    this.size = size;
    this.wraps = size > MAX_SIZE_WITHOUT_WRAPS;
    this.slots = new char[size];
    Arrays.fill(slots, FREE);
    this.walks = new int[hashes.length * LENGTH];
    this.free = size;
    this.last = new int[(int) Math.sqrt(size) / 2];
    for (int i = 0; i < hashes.length; i++) {
      int walk = i * LENGTH;
      int offset = Maglev.offset(hashes[i], size);
      walks[walk + SLOT] = offset;
      walks[walk + SKIP] = Maglev.skip(hashes[i], size);
      walks[walk + POSITION] = offset;
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

  /** Gives each of the first so many backends a slot, in turn; there must be enough. */
  void takeInTurns(int backends) {
    int searches = wraps ? 0 : Math.clamp(free - last.length, 0, backends);
    for (int i = 0; i < searches; i++) {
      search(i);
    }
    count(searches);
    for (int i = searches; i < backends; i++) {
      take(i);
    }
  }

  /** Gives the backend the next free slot of its walk; there must be one. */
  void take(int backend) {
    int walk = backend * LENGTH;
    if (free <= last.length) {
      slots[leap(walk)] = (char) backend;
    } else if (wraps) {
      slots[step(walk)] = (char) backend;
    } else {
      search(backend);
    }
    count(1);
  }

  /** Notes that so many slots have been taken. */
  private void count(int taken) {
    boolean many = free > last.length;
    free -= taken;
    if (many && free <= last.length) {
      listFreeSlots();
    }
  }

  /** Gives a backend the first free slot of a walk that does not wrap. */
  private void search(int backend) {
    int walk = backend * LENGTH;
    int skip = walks[walk + SKIP];
    int slot = search(walks[walk + SLOT], skip);
    walks[walk + SLOT] = next(slot, skip);
    slots[slot] = (char) backend;
  }

  /** The first free station of a walk, beginning with the given one: quick while many are free. */
  private int search(int station, int skip) {
    int second = next(station, skip);
    int third = next(second, skip);
    int free1 = maskIfFree(station);
    int free2 = maskIfFree(second);
    int free3 = maskIfFree(third);
    int found = select(free1, station, select(free2, second, third));
    if ((free1 | free2 | free3) == 0) {
      found = searchFurther(next(third, skip), skip);
    }
    return found;
  }

  /** The same, quicker while few are free: no station waits for the calculation of another. */
  private int searchFurther(int station, int skip) {
    int skip2 = next(skip, skip);
    int skip3 = next(skip2, skip);
    int skip4 = next(skip3, skip);
    while (true) {
      int second = next(station, skip);
      int third = next(station, skip2);
      int fourth = next(station, skip3);
      int free1 = maskIfFree(station);
      int free2 = maskIfFree(second);
      int free3 = maskIfFree(third);
      int free4 = maskIfFree(fourth);
      if ((free1 | free2 | free3 | free4) != 0) {
        return select(free1, station, select(free2, second, select(free3, third, fourth)));
      }
      station = next(station, skip4);
    }
  }

  private int next(int slot, int skip) {
    return modulo(slot + skip - size);
  }

  /**
   * A number of {@code -size} to {@code size - 1} modulo size, without a branch: none could predict
   * it.
   */
  private int modulo(int number) {
    return number + (number >> 31 & size);
  }

  /** -1 if a slot is free, else 0. */
  private int maskIfFree(int slot) {
    return -((slots[slot] + 1) >> 16); // FREE is 2^16 - 1
  }

  /** The first value if the mask is -1, the second if it is 0. */
  private static int select(int mask, int first, int second) {
    return second ^ ((first ^ second) & mask);
  }

  /** The first free station of a walk that may wrap: found step by step. */
  private int step(int walk) {
    int position = walks[walk + POSITION];
    int slot = walks[walk + SLOT];
    int skip = walks[walk + SKIP];
    int rounds = 0;
    while (slots[slot] != FREE) {
      position += skip;
      slot = next(slot, skip);
      if (Integer.compareUnsigned(position, skip) < 0) {
        slot = Integer.remainderUnsigned(position, size);
        rounds++;
        // 2^32 / gcd(skip, 2^32) steps lead back to where we came from
        if (rounds > skip >>> Integer.numberOfTrailingZeros(skip)) {
          skip = 1;
          walks[walk + INVERSE] = 1;
        }
      }
    }
    walks[walk + POSITION] = position;
    walks[walk + SLOT] = slot;
    walks[walk + SKIP] = skip;
    return slot;
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
  private int leap(int walk) {
    if (walks[walk + INVERSE] == 0) {
      prepareLeaps(walk);
    }
    int slot = walks[walk + SLOT];
    int skip = walks[walk + SKIP];
    long inverse = walks[walk + INVERSE];
    long quotient = quotient(inverse);
    int steps = size;
    int nearest = 0;
    for (int i = 0; i < free; i++) {
      int ahead = multiply(modulo(last[i] - slot), inverse, quotient);
      if (ahead < steps) {
        steps = ahead;
        nearest = i;
      }
    }
    long sum = Integer.toUnsignedLong(walks[walk + POSITION]) + (long) steps * skip;
    if (sum >>> 32 == 0) {
      walks[walk + POSITION] = (int) sum;
      walks[walk + SLOT] = last[nearest];
    } else {
      slot = step(walk); // it wraps on its way
      nearest = 0;
      while (last[nearest] != slot) {
        nearest++;
      }
    }
    slot = last[nearest];
    last[nearest] = last[free - 1];
    return slot;
  }

  /** Finds out what only leaps need to know of a walk. */
  private void prepareLeaps(int walk) {
    int skip = walks[walk + SKIP];
    int inverse = inverse(skip);
    walks[walk + INVERSE] = inverse;
    if (!wraps) {
      int offset = walks[walk + POSITION];
      int distance = modulo(walks[walk + SLOT] - offset);
      walks[walk + POSITION] = offset + multiply(distance, inverse, quotient(inverse)) * skip;
    }
  }

  /** What {@link #multiply} needs of a number less than size. */
  private long quotient(long number) {
    return (number << 32) / size;
  }

  /** The product of two numbers modulo size, without dividing (V. Shoup). */
  private int multiply(int number, long other, long quotientOfOther) {
    long multiple = (number * quotientOfOther) >>> 32;
    long product = number * other - (multiple + 1) * size;
    return (int) (product + (product >> 63 & size));
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
