package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.VipEntry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

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

  @Override
  public @Nullable Duration left(int vip) {
    Long deadline = deadlines.get(vip);
    return deadline == null ? null : Duration.ofNanos(deadline - clock.getAsLong());
  }

  @Override
  public void retain(Set<Integer> vips) {
    deadlines.keySet().retainAll(vips);
  }

  /** Returns whether the deadline of a VIP has passed. */
  boolean hasPassed(VipEntry vip) {
    Long deadline = deadlines.get(vip.number());
    return deadline != null && clock.getAsLong() - deadline >= 0;
  }
}
