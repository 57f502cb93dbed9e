package dev.katran.internal.dataplane.kernel;

import dev.katran.Count;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Counters of a program, read through a memory mapping without system calls. */
final class MappedCounters {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final int perCpu;
  private final int cpus;

  /** Maps the counters. {@code perCpu} is the number of counters per CPU. */
  MappedCounters(BpfMap map, int perCpu) {
    this.memory = map.mmap();
    this.perCpu = perCpu;
    this.cpus = BpfMap.possibleCpus();
  }

  /** Returns the number of CPUs. */
  int cpus() {
    return cpus;
  }

  /** Returns a counter, summed over all CPUs. */
  Count read(int counter) {
    Count sum = Count.ZERO;
    for (int cpu = 0; cpu < cpus; cpu++) {
      sum = sum.plus(read(cpu, counter));
    }
    return sum;
  }

  /** Returns a counter of one CPU. */
  Count read(int cpu, int counter) {
    long offset = offset(cpu, counter);
    return new Count(
        (long) LONG.getOpaque(memory, offset + katran_counter.packets$offset()),
        (long) LONG.getOpaque(memory, offset + katran_counter.bytes$offset()));
  }

  /** Resets a counter to zero on all CPUs. */
  void clear(int counter) {
    for (int cpu = 0; cpu < cpus; cpu++) {
      memory.asSlice(offset(cpu, counter), katran_counter.sizeof()).fill((byte) 0);
    }
  }

  private long offset(int cpu, int counter) {
    return ((long) cpu * perCpu + counter) * katran_counter.sizeof();
  }
}
