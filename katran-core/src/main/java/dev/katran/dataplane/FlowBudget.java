package dev.katran.dataplane;

import java.time.Duration;
import java.util.function.LongSupplier;

/** How many flows may still be entered in this period, which begins with its first flow. */
final class FlowBudget {

  private final int most;
  private final long period;
  private final LongSupplier clock;
  private long start;
  private long count;

  FlowBudget(int most, Duration period, LongSupplier clock) {
    this.most = most;
    this.period = period.toNanos();
    this.clock = clock;
    this.start = clock.getAsLong() - this.period;
  }

  /** Takes note of a flow. Returns whether it may be entered. */
  synchronized boolean take() {
    long now = clock.getAsLong();
    if (now - start >= period) {
      start = now;
      count = 0;
    }
    count++;
    return count <= most;
  }

  /** The flows of the current period, entered or not. */
  synchronized long count() {
    return clock.getAsLong() - start >= period ? 0 : count;
  }
}
