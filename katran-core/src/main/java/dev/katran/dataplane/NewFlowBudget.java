package dev.katran.dataplane;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** How many flows may still be entered in this second, which begins with its first flow. */
final class NewFlowBudget {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final int perSecond;
  private final LongSupplier clock;
  private long secondStart;
  private long count;

  NewFlowBudget(int perSecond, LongSupplier clock) {
    this.perSecond = perSecond;
    this.clock = clock;
    this.secondStart = clock.getAsLong() - SECOND;
  }

  /** Takes note of a new flow. Returns whether it may be entered. */
  synchronized boolean take() {
    long now = clock.getAsLong();
    if (now - secondStart >= SECOND) {
      secondStart = now;
      count = 0;
    }
    count++;
    return count <= perSecond;
  }

  /** The flows of the current second, entered or not. */
  synchronized long count() {
    return clock.getAsLong() - secondStart >= SECOND ? 0 : count;
  }
}
