package dev.katran.internal.ring;

import java.util.Arrays;

/** The free slots of a ring. */
final class FreeSlots {

  /** The largest number of slots that {@link #probe} can return. */
  static final int MAX_PROBES = Integer.SIZE;

  /** Binary digits of {@link #reciprocal} after the point. */
  private static final int FRACTION = 40;

  private final int size;
  private final long reciprocal;

  /** 1 for each free slot, else 0; twice, so that a probe needs no remainder. */
  private final byte[] free;

  private int count;

  /** Creates the free slots of an empty ring. */
  FreeSlots(int size) {
    this.size = size;
    this.reciprocal = (1L << FRACTION) / size + 1;
    this.free = new byte[2 * size];
    this.count = size;
    Arrays.fill(free, (byte) 1);
  }

  /** Returns the number of free slots. */
  int count() {
    return count;
  }

  /** Returns whether a slot is free, which may be given with the size added. */
  boolean contains(int slot) {
    return free[slot] != 0;
  }

  /** Takes a free slot, which {@link #taken} counts. */
  void take(int slot) {
    free[slot] = 0;
    free[slot + size] = 0;
  }

  /** Counts slots that were taken. */
  void taken(int slots) {
    count -= slots;
  }

  /**
   * Takes all slots with values below a certain one, which is that of the others.
   *
   * @param left the number of the others
   */
  void keepOnly(int[] values, int value, int left) {
    for (int slot = 0; slot < size; slot++) {
      free[slot] = (byte) (((values[slot] - value) >>> 31) ^ 1);
    }
    System.arraycopy(free, 0, free, size, size);
    count = left;
  }

  /**
   * Returns which of the next probes are free: bit n for slot {@code start + n * skip} modulo size.
   * There is no branch for the CPU to mispredict.
   *
   * @param probes a multiple of 4, up to {@link #MAX_PROBES}
   */
  int probe(int start, int skip, int probes) {
    int skip2 = add(skip, skip);
    int skip3 = add(skip2, skip);
    int skip4 = add(skip2, skip2);
    int slot = start;
    int mask = 0;
    for (int probe = 0; probe < probes; probe += 4) {
      int four =
          free[slot] | free[slot + skip] << 1 | free[slot + skip2] << 2 | free[slot + skip3] << 3;
      mask |= four << probe;
      slot = add(slot, skip4);
    }
    return mask;
  }

  /**
   * Finds which of the next probes are free, as {@link #probe} does, but any number of probes.
   *
   * @param probes a multiple of 4
   * @param found receives the free slots, or the size added to them; it must have room for all
   *     probes
   * @param from the position of the first one
   * @return the position after the last one
   */
  int find(int start, int skip, int probes, int[] found, int from) {
    int skip2 = add(skip, skip);
    int skip3 = add(skip2, skip);
    int skip4 = add(skip2, skip2);
    int slot = start;
    int end = from;
    for (int probe = 0; probe < probes; probe += 4) {
      found[end] = slot;
      end += free[slot];
      found[end] = slot + skip;
      end += free[slot + skip];
      found[end] = slot + skip2;
      end += free[slot + skip2];
      found[end] = slot + skip3;
      end += free[slot + skip3];
      slot = add(slot, skip4);
    }
    return end;
  }

  /**
   * Returns slot {@code start + probes * skip} modulo size, without a division. Sizes up to 65537.
   *
   * @param probes up to 256
   */
  int after(int start, int skip, int probes) {
    long sum = start + (long) probes * skip;
    return (int) (sum - ((sum * reciprocal) >>> FRACTION) * size);
  }

  /** Returns a slot that may have the size added to it without that. */
  int reduce(int slot) {
    return add(slot, 0);
  }

  /** Adds two numbers modulo size, without a branch that would be mispredicted. */
  int add(int slot, int skip) {
    int sum = slot + skip - size;
    return sum + (sum >> 31 & size);
  }
}
