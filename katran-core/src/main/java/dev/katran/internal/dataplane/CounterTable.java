package dev.katran.internal.dataplane;

import dev.katran.Count;

/** The counters of a {@link Dataplane}. Safe to read from any thread. */
public interface CounterTable {

  /** Returns a counter, summed over all CPUs. */
  Count read(Counter counter);

  /** Returns the new flows of the current second over all CPUs, inserted or not. */
  long newFlows();

  /** Returns a recent QUIC server id that has no backend, or 0 if there was none. */
  int quicInvalidIdSample();

  /** Resets a counter to zero before its index is reused. No packet may count in it meanwhile. */
  void clear(Counter counter);
}
