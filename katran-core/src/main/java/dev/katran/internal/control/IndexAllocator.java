package dev.katran.internal.control;

import java.util.BitSet;

/** Allocates the indices of VIPs and backends in the dataplane. Not thread-safe. */
final class IndexAllocator {

  private final BitSet taken = new BitSet();
  private final int first;

  /** Creates an allocator whose lowest index is {@code first}. */
  IndexAllocator(int first) {
    this.first = first;
  }

  /** Allocates the lowest free index. */
  int allocate() {
    int index = taken.nextClearBit(first);
    taken.set(index);
    return index;
  }

  /** Frees an index. */
  void free(int index) {
    taken.clear(index);
  }
}
