package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_flow_entry;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapCursor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/**
 * Advances time for the program. The kernel's clock cannot be set, so the timestamps that the
 * program stored are moved into the past instead. Real time that passes between calls is cancelled
 * out.
 */
public final class KernelClock {

  private static final int BATCH = 4096;

  private static final int[] BUDGETS = {
    Katran.KATRAN_NEW_FLOWS(),
    Katran.KATRAN_CHANGE_SYNS(),
    Katran.KATRAN_CHANGE_OTHERS(),
    Katran.KATRAN_ERRORS_SENT(),
    Katran.KATRAN_REPLIES_SENT()
  };

  private final KernelTables tables;
  private long before = System.nanoTime();

  /** Creates a clock for a dataplane. No other thread may use the dataplane while time passes. */
  public KernelClock(KernelDataplane dataplane) {
    this.tables = dataplane.tables();
  }

  /** Lets this much time pass. */
  public void pass(Duration time) {
    long now = System.nanoTime();
    Shift shift = new Shift(now, now - before, time.toNanos());
    tables.flowTables().forEach(map -> age(map, shift));
    ageBudgets(shift);
    before = now;
  }

  /**
   * How far timestamps are moved, in nanoseconds.
   *
   * @param now the current time of the kernel's clock
   * @param real the real time that passed since the last call, to be cancelled out
   * @param simulated the time that passes for the program
   */
  private record Shift(long now, long real, long simulated) {
    long of(long time) {
      return Math.min(now, time + real) - simulated;
    }
  }

  private static void age(BpfMap map, Shift shift) {
    try (Arena arena = Arena.ofConfined()) {
      MapCursor cursor = map.entries(BATCH, arena);
      for (int count = cursor.next(); count > 0; count = cursor.next()) {
        for (int i = 0; i < count; i++) {
          MemorySegment value = cursor.value(i);
          katran_flow_entry.last_used(value, shift.of(katran_flow_entry.last_used(value)));
          map.update(cursor.key(i), value, BpfConstants.BPF_EXIST);
        }
      }
    }
  }

  /** Ages the windows of the budgets, whose counters hold the start time in the bytes field. */
  private void ageBudgets(Shift shift) {
    MemorySegment counters = tables.counters().mmap();
    for (int cpu = 0; cpu < BpfMap.possibleCpus(); cpu++) {
      for (int budget : BUDGETS) {
        long offset =
            ((long) cpu * tables.geometry().countersPerCpu() + budget) * katran_counter.sizeof();
        long start = offset + katran_counter.bytes$offset();
        long began = counters.get(ValueLayout.JAVA_LONG, start);
        if (began != 0) {
          counters.set(ValueLayout.JAVA_LONG, start, shift.of(began));
        }
      }
    }
  }
}
