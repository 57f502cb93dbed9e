package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Advances time for the program. The kernel's clock cannot be set, so the timestamps that the
 * program stored are moved into the past instead. Real time that passes between calls is cancelled
 * out.
 */
public final class KernelClock {

  private static final int[] BUDGETS = {
    Katran.KATRAN_NEW_FLOWS(),
    Katran.KATRAN_NEW_OTHERS(),
    Katran.KATRAN_ERRORS_SENT(),
    Katran.KATRAN_REPLIES_SENT()
  };

  private static final long TIMES = (1L << Katran.KATRAN_FLOW_TIME_BITS()) - 1;

  /** The program's clock is behind by up to a timer tick. */
  private static final long COARSE_TICK = Duration.ofMillis(11).toNanos();

  /** How long a step of a test takes, usually. */
  private static final long MARGIN = Duration.ofMillis(60).toNanos();

  private final KernelTables tables;
  private long before = System.nanoTime();

  /** The time by the clock that a test advances, in nanoseconds. */
  private long passed;

  /**
   * Creates a clock for a dataplane. No other thread may use the dataplane while time passes.
   *
   * @param start the time by the clock that a test advances
   */
  public KernelClock(KernelDataplane dataplane, Duration start) {
    this.tables = dataplane.tables();
    this.passed = start.toNanos();
  }

  /** Lets this much time pass. */
  public void pass(Duration time) {
    long now = startOfUnit();
    Shift shift = new Shift(now, now - before, time.toNanos());
    Units units = new Units(unit(before), unit(now), unit(passed), unit(passed + time.toNanos()));
    passed += time.toNanos();
    tables.flowTables().forEach(table -> age(table.words(), units));
    ageBudgets(shift);
    moveDeadlines(shift);
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

  /** Waits so that the next packets do not meet the end of a unit. Returns the time then. */
  private static long startOfUnit() {
    long unit = 1L << Katran.KATRAN_FLOW_UNIT();
    for (long now = System.nanoTime(); ; now = System.nanoTime()) {
      long passed = now & (unit - 1);
      if (passed > COARSE_TICK && unit - passed > MARGIN) {
        return now;
      }
      LockSupport.parkNanos(COARSE_TICK);
    }
  }

  private static long unit(long nanos) {
    return nanos >> Katran.KATRAN_FLOW_UNIT();
  }

  /**
   * How far the times of the flow table are moved.
   *
   * @param realBefore the kernel's clock at the last call
   * @param realNow the kernel's clock now
   * @param before the simulated clock before the step
   * @param now the simulated clock after it
   */
  private record Units(long realBefore, long realNow, long before, long now) {

    Units coarse() {
      int shift = Katran.KATRAN_FLOW_COARSE_UNIT();
      return new Units(realBefore >> shift, realNow >> shift, before >> shift, now >> shift);
    }

    /** Returns the simulated time that a time stands for. What is younger was used at its start. */
    long used(long time) {
      long age = (realNow - time) & TIMES;
      return before - Math.max(0, age - (realNow - realBefore));
    }

    /** Returns the time that stands for a simulated one. */
    long time(long used) {
      return (realNow - (now - used)) & TIMES;
    }
  }

  /** Ages the flow table. Its times become coarse as in the table in plain Java. */
  private static void age(MemorySegment words, Units units) {
    for (long offset = 0; offset < words.byteSize(); offset += Long.BYTES) {
      long word = words.get(ValueLayout.JAVA_LONG, offset);
      if (word != 0) {
        words.set(ValueLayout.JAVA_LONG, offset, aged(word, units));
      }
    }
  }

  private static long aged(long word, Units units) {
    Units coarse = units.coarse();
    long rest = word & ~TIMES;
    if ((word & Katran.KATRAN_FLOW_IS_COARSE()) != 0) {
      return rest | coarse.time(Math.max(coarse.used(word), coarse.now() - (TIMES + 1) * 3 / 8));
    }
    long used = units.used(word);
    return units.now() - used > (TIMES + 1) / 2
        ? rest
            | Katran.KATRAN_FLOW_IS_COARSE()
            | coarse.time(used >> Katran.KATRAN_FLOW_COARSE_UNIT())
        : rest | units.time(used);
  }

  private void moveDeadlines(Shift shift) {
    MemorySegment deadlines = tables.changeDeadlines().mmap();
    for (int vip = 0; vip < tables.geometry().vipIndices(); vip++) {
      long deadline = deadlines.getAtIndex(ValueLayout.JAVA_LONG, vip);
      if (deadline != 0) {
        long moved = deadline + shift.real() - shift.simulated();
        deadlines.setAtIndex(ValueLayout.JAVA_LONG, vip, Math.max(1, moved));
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
