package dev.katran.dataplane;

import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_flow_entry;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapCursor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/**
 * Lets time pass for the program. The kernel's clock cannot be set: what the program has taken note
 * of is made older instead. Time that passes by itself does not count.
 */
public final class KernelClock {

  private static final int BATCH = 4096;

  private static final int[] ACCOUNTS = {
    Katran.KATRAN_NEW_FLOWS(), Katran.KATRAN_CHANGE_SYNS(), Katran.KATRAN_CHANGE_OTHERS()
  };

  private final KernelTables tables;
  private long before = System.nanoTime();

  /** A clock for this dataplane, which nobody else uses while time passes. */
  public KernelClock(KernelDataplane dataplane) {
    this.tables = dataplane.tables();
  }

  /** So much time passes. */
  public void pass(Duration time) {
    long now = System.nanoTime();
    Shift shift = new Shift(now, now - before, time.toNanos());
    tables.flowTables().forEach(map -> age(map, shift));
    ageAccounts(shift);
    before = now;
  }

  /**
   * How times are changed.
   *
   * @param now the time of the kernel's clock
   * @param passed what passed by itself, of which nothing must be seen
   * @param more what shall have passed instead
   */
  private record Shift(long now, long passed, long more) {
    long of(long time) {
      return Math.min(now, time + passed) - more;
    }
  }

  private static void age(BpfMap map, Shift shift) {
    try (MapCursor cursor = map.entries(BATCH)) {
      for (int count = cursor.next(); count > 0; count = cursor.next()) {
        for (int i = 0; i < count; i++) {
          MemorySegment value = cursor.value(i);
          katran_flow_entry.last_used(value, shift.of(katran_flow_entry.last_used(value)));
          map.update(cursor.key(i), value, BpfConstants.BPF_EXIST);
        }
      }
    }
  }

  /** The accounts of the budgets tell in place of bytes when their time began. */
  private void ageAccounts(Shift shift) {
    MemorySegment counters = tables.counters().mmap();
    for (int cpu = 0; cpu < BpfMap.possibleCpus(); cpu++) {
      for (int account : ACCOUNTS) {
        long offset = ((long) cpu * tables.countersPerCpu() + account) * katran_counter.sizeof();
        long start = offset + katran_counter.bytes$offset();
        long began = counters.get(ValueLayout.JAVA_LONG, start);
        if (began != 0) {
          counters.set(ValueLayout.JAVA_LONG, start, shift.of(began));
        }
      }
    }
  }
}
