package dev.katran.internal.dataplane;

import java.util.Arrays;

/**
 * Numbers the different values of a sequence in the order in which they appear first: a hash table
 * with open addressing. Not safe for use by several threads.
 */
final class Distinct {

  private static final int INITIAL = 64;

  /** 2^64 divided by the golden ratio: spreads values that are close to each other. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private long[] values = new long[INITIAL / 2];

  /** The positions of values, plus 1; 0 where there is none. The size is a power of two. */
  private int[] table = new int[INITIAL];

  private int size;

  /** Returns the number of different values. */
  int size() {
    return size;
  }

  /** Returns the number of a value, which is new if it appears first. */
  int indexOf(long value) {
    int place = place(value);
    int known = table[place];
    return known == 0 ? add(value, place) : known - 1;
  }

  private int place(long value) {
    int mask = table.length - 1;
    int place = (int) ((value * SPREAD) >>> 32) & mask;
    while (table[place] != 0 && values[table[place] - 1] != value) {
      place = (place + 1) & mask;
    }
    return place;
  }

  private int add(long value, int place) {
    if (size == values.length) {
      grow();
      return indexOf(value);
    }
    values[size++] = value;
    table[place] = size;
    return size - 1;
  }

  private void grow() {
    table = new int[2 * table.length];
    for (int i = 0; i < size; i++) {
      table[place(values[i])] = i + 1;
    }
    values = Arrays.copyOf(values, 2 * values.length);
  }

  /** Returns the different values by their numbers. */
  long[] toArray() {
    return Arrays.copyOf(values, size);
  }

  /** Returns the different values by their numbers. They must be integers. */
  int[] toIntArray() {
    int[] integers = new int[size];
    Arrays.setAll(integers, i -> Math.toIntExact(values[i]));
    return integers;
  }
}
