package dev.katran.internal.dataplane;

import dev.katran.Count;
import java.util.function.IntFunction;

/** The counters of a {@link Dataplane}. Safe to read from any thread. */
public interface CounterTable {

  /** Returns a counter, summed over all CPUs. */
  Count read(Counter counter);

  /**
   * Returns counters of all VIPs or backends.
   *
   * @param counter returns the counter with an index, from 0
   * @param end the exclusive upper bound of the indices
   * @return the packets and the bytes of each counter, one after the other
   */
  default long[] readAll(IntFunction<? extends Counter> counter, int end) {
    long[] counts = new long[2 * end];
    for (int i = 0; i < end; i++) {
      Count count = read(counter.apply(i));
      counts[2 * i] = count.packets();
      counts[2 * i + 1] = count.bytes();
    }
    return counts;
  }

  /** Returns the new flows of the current second over all CPUs, inserted or not. */
  long newFlows();

  /** Returns a recent QUIC server id that has no backend, or 0 if there was none. */
  int quicInvalidIdSample();

  /** Resets a counter to zero before its index is reused. No packet may count in it meanwhile. */
  void clear(Counter counter);
}
