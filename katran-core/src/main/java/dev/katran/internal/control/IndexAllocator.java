package dev.katran.internal.control;

import java.util.BitSet;

/** Allocates the indices of VIPs and backends in the dataplane. Not thread-safe. */
final class IndexAllocator {

  private final BitSet taken = new BitSet();
  private final int first;

  /** Only grows. Other threads may read it. */
  private volatile int end;

  /** Creates an allocator whose lowest index is {@code first}. */
  IndexAllocator(int first) {
    this.first = first;
  }

  /** Indices that a plan allocates. They are free until the plan is executed. */
  final class Reservation {

    private final BitSet reserved = new BitSet();
    private int next = first;

    /** Reserves the lowest free index. */
    int allocate() {
      next = taken.nextClearBit(next);
      reserved.set(next);
      return next++;
    }

    /** Allocates the reserved indices. */
    void commit() {
      taken.or(reserved);
      end = Math.max(end, taken.length());
    }
  }

  /** Returns a reservation without indices. It is valid until the next one is committed. */
  Reservation reserve() {
    return new Reservation();
  }

  /** Returns the exclusive upper bound of all indices that were ever allocated. Thread-safe. */
  int end() {
    return end;
  }

  /** Takes an index that an earlier control plane has allocated. */
  void adopt(int index) {
    taken.set(index);
    end = Math.max(end, taken.length());
  }

  /** Frees an index. */
  void free(int index) {
    taken.clear(index);
  }
}
