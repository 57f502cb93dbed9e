package dev.katran.internal.ring;

import java.util.Arrays;

/** A Maglev without optimisations, the reference for {@link Maglev}. */
final class PlainMaglev {

  private final long[] hashes;
  private final int[] weights;
  private final int size;
  private final char[] slots;
  private final boolean[] taken;
  private final int[] steps;
  private int free;

  PlainMaglev(long[] hashes, int[] weights, int size) {
    this.hashes = hashes;
    this.weights = weights;
    this.size = size;
    this.slots = new char[size];
    this.taken = new boolean[size];
    this.steps = new int[hashes.length];
    this.free = size;
  }

  char[] fillByTurns() {
    for (int round = 0; free > 0; round++) {
      for (int i = 0; i < hashes.length; i++) {
        for (int turn = 0; turn < (round == 0 ? weights[i] : 1); turn++) {
          take(i);
        }
      }
    }
    return slots;
  }

  char[] fillByCredit() {
    long[] credits = new long[hashes.length];
    int heaviest = Arrays.stream(weights).max().orElseThrow();
    while (free > 0) {
      for (int i = 0; i < hashes.length; i++) {
        credits[i] += weights[i];
        if (credits[i] >= heaviest) {
          credits[i] -= heaviest;
          take(i);
        }
      }
    }
    return slots;
  }

  private void take(int backend) {
    if (free == 0) {
      return;
    }
    long offset = Maglev.offset(hashes[backend], size);
    long skip = Maglev.skip(hashes[backend], size);
    int slot;
    do {
      long step = Integer.toUnsignedLong(steps[backend]++);
      slot = (int) ((offset + step * skip & 0xffff_ffffL) % size);
    } while (taken[slot]);
    taken[slot] = true;
    slots[slot] = (char) backend;
    free--;
  }
}
