package dev.katran;

import java.util.BitSet;

/** Hands out the numbers by which the dataplane knows VIPs and backends. Not thread-safe. */
final class Numbers {

  private final BitSet taken = new BitSet();
  private final int first;

  /** Numbers from {@code first} on. */
  Numbers(int first) {
    this.first = first;
  }

  /** The lowest number that is free. */
  int take() {
    int number = taken.nextClearBit(first);
    taken.set(number);
    return number;
  }

  void free(int number) {
    taken.clear(number);
  }
}
