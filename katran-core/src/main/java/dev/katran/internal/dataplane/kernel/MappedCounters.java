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

  /** The blocks of counters: one per CPU and, behind those, one of what earlier maps counted. */
  private final int blocks;

  /** Maps the counters. {@code perCpu} is the number of counters per CPU. */
  MappedCounters(BpfMap map, int perCpu) {
    this.memory = map.mmap();
    this.perCpu = perCpu;
    this.cpus = BpfMap.possibleCpus();
    long bytes = (long) map.maxEntries() * map.valueSize();
    this.blocks = Math.toIntExact(bytes / (perCpu * katran_counter.sizeof()));
  }

  /** Returns the number of CPUs. */
  int cpus() {
    return cpus;
  }

  /** Returns a counter, summed over all CPUs and what earlier maps counted. */
  Count read(int counter) {
    Count sum = Count.ZERO;
    for (int block = 0; block < blocks; block++) {
      sum = sum.plus(read(block, counter));
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
    for (int block = 0; block < blocks; block++) {
      memory.asSlice(offset(block, counter), katran_counter.sizeof()).fill((byte) 0);
    }
  }

  /** Sets what earlier maps counted. */
  void carry(int counter, Count count) {
    long offset = offset(cpus, counter);
    LONG.setOpaque(memory, offset + katran_counter.packets$offset(), count.packets());
    LONG.setOpaque(memory, offset + katran_counter.bytes$offset(), count.bytes());
  }

  private long offset(int cpu, int counter) {
    return ((long) cpu * perCpu + counter) * katran_counter.sizeof();
  }
}
