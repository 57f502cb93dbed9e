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

  /** 1 for each free slot, else 0. */
  private final byte[] free;

  private int count;

  /** Creates the free slots of an empty ring. */
  FreeSlots(int size) {
    this.size = size;
    this.reciprocal = (1L << FRACTION) / size + 1;
    this.free = new byte[size];
    this.count = size;
    Arrays.fill(free, (byte) 1);
  }

  /** Returns the number of free slots. */
  int count() {
    return count;
  }

  /** Returns whether a slot is free. */
  boolean contains(int slot) {
    return free[slot] != 0;
  }

  /** Takes a free slot, which {@link #taken} counts. */
  void take(int slot) {
    free[slot] = 0;
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
    count = left;
  }

  /**
   * Returns which of the next probes are free: bit n for slot {@code start + n * skip} modulo size.
   * There is no branch for the CPU to mispredict, and the probes are computed in four independent
   * sequences.
   *
   * @param probes a multiple of 4, up to {@link #MAX_PROBES}
   */
  int probe(int start, int skip, int probes) {
    int skip2 = add(skip, skip);
    int skip4 = add(skip2, skip2);
    int first = start;
    int second = add(start, skip);
    int third = add(start, skip2);
    int fourth = add(second, skip2);
    int mask = 0;
    for (int probe = 0; probe < probes; probe += 4) {
      int four = free[first] | free[second] << 1 | free[third] << 2 | free[fourth] << 3;
      mask |= four << probe;
      first = add(first, skip4);
      second = add(second, skip4);
      third = add(third, skip4);
      fourth = add(fourth, skip4);
    }
    return mask;
  }

  /**
   * Returns slot {@code start + probes * skip} modulo size, without a division. Sizes up to 65537.
   *
   * @param probes up to {@link #MAX_PROBES}
   */
  int after(int start, int skip, int probes) {
    long sum = start + (long) probes * skip;
    return (int) (sum - ((sum * reciprocal) >>> FRACTION) * size);
  }

  /** Adds two numbers modulo size, without a branch that would be mispredicted. */
  int add(int slot, int skip) {
    int sum = slot + skip - size;
    return sum + (sum >> 31 & size);
  }
}
