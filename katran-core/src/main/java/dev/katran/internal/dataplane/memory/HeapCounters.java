package dev.katran.internal.dataplane.memory;

import dev.katran.Count;
import dev.katran.internal.dataplane.Counter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The counters; {@code counters.h} and {@code watch.h} in Java. Created at their first use. */
final class HeapCounters {

  /** The value of a counter. */
  private record Sum(LongAdder packets, LongAdder bytes) {
    Sum() {
      this(new LongAdder(), new LongAdder());
    }
  }

  private final Map<Counter, Sum> sums = new ConcurrentHashMap<>();

  /** Adds a packet to a counter without bytes. */
  void add(Counter counter) {
    add(counter, 0);
  }

  /** Adds a packet and its bytes. */
  void add(Counter counter, int bytes) {
    Sum sum = sums.computeIfAbsent(counter, absent -> new Sum());
    sum.packets.increment();
    sum.bytes.add(bytes);
  }

  /** Returns a counter. */
  Count get(Counter counter) {
    Sum sum = sums.get(counter);
    return sum == null ? Count.ZERO : new Count(sum.packets.sum(), sum.bytes.sum());
  }

  /** Resets a counter to zero. */
  void clear(Counter counter) {
    sums.remove(counter);
  }
}
