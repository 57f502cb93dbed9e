package dev.katran.internal.dataplane.memory;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * A budget per period; {@code budget.h} in Java. A period starts with the first unit that is taken.
 */
final class RateLimit {

  private final int limit;
  private final long period;
  private final LongSupplier clock;
  private long start;
  private long count;

  RateLimit(int limit, Duration period, LongSupplier clock) {
    this.limit = limit;
    this.period = period.toNanos();
    this.clock = clock;
    this.start = clock.getAsLong() - this.period;
  }

  /** Takes one unit from the budget and returns whether it is within the limit. */
  synchronized boolean take() {
    long now = clock.getAsLong();
    if (now - start >= period) {
      start = now;
      count = 0;
    }
    count++;
    return count <= limit;
  }

  /** Returns the units taken in the current period, within the limit or not. */
  synchronized long count() {
    return clock.getAsLong() - start >= period ? 0 : count;
  }
}
