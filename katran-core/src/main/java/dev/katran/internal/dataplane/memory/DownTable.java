package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The backends that are marked down per VIP; {@code down.h} in Java. */
final class DownTable implements IndexTable<DownKey> {

  private final HeapIndexTable<DownKey, DownKey> marks = new HeapIndexTable<>(Function.identity());
  private final HeapCounters counters;

  DownTable(HeapCounters counters) {
    this.counters = counters;
  }

  /** Returns whether a flow leaves its backend because that is down. Counts the migration. */
  boolean migratesOff(VipEntry vip, int backend) {
    if (!vip.has(VipFlags.UDP_FLOW_MIGRATION)
        || !marks.contains(new DownKey(vip.number(), backend))) {
      return false;
    }
    counters.add(Counter.Total.UDP_MIGRATIONS);
    return true;
  }

  @Override
  public void put(Map<DownKey, Integer> entries) {
    marks.put(entries);
  }

  @Override
  public void remove(Set<DownKey> keys) {
    marks.remove(keys);
  }

  @Override
  public Runnable replace(Map<DownKey, Integer> entries) {
    return marks.replace(entries);
  }
}
