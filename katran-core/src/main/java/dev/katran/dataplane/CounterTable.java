package dev.katran.dataplane;

import dev.katran.Count;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The counters that have counted something. */
final class CounterTable {

  private record Sum(LongAdder packets, LongAdder bytes) {
    Sum() {
      this(new LongAdder(), new LongAdder());
    }
  }

  private final Map<Counter, Sum> sums = new ConcurrentHashMap<>();

  /** Counts a packet where bytes do not count. */
  void add(Counter counter) {
    add(counter, 0);
  }

  void add(Counter counter, int bytes) {
    Sum sum = sums.computeIfAbsent(counter, absent -> new Sum());
    sum.packets.increment();
    sum.bytes.add(bytes);
  }

  Count get(Counter counter) {
    Sum sum = sums.get(counter);
    return sum == null ? Count.ZERO : new Count(sum.packets.sum(), sum.bytes.sum());
  }

  void clear(Counter counter) {
    sums.remove(counter);
  }
}
