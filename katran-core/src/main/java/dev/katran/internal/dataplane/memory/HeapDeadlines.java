package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.VipEntry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The deadlines of changes, by VIP index; {@code change_deadlines} in Java. */
final class HeapDeadlines implements DeadlineTable {

  private final LongSupplier clock;
  private final Map<Integer, Long> deadlines = new ConcurrentHashMap<>();

  HeapDeadlines(LongSupplier clock) {
    this.clock = clock;
  }

  @Override
  public void put(int vip, Duration fromNow) {
    deadlines.put(vip, clock.getAsLong() + fromNow.toNanos());
  }

  @Override
  public void remove(int vip) {
    deadlines.remove(vip);
  }

  /** Returns whether the deadline of a VIP has passed. */
  boolean hasPassed(VipEntry vip) {
    Long deadline = deadlines.get(vip.number());
    return deadline != null && clock.getAsLong() - deadline >= 0;
  }
}
