package dev.katran.dataplane;

import dev.katran.Count;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** The program's counters, read where it writes them, without a system call. */
final class MappedCounters {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final int perCpu;
  private final int cpus;

  MappedCounters(BpfMap map, int perCpu) {
    this.memory = map.mmap();
    this.perCpu = perCpu;
    this.cpus = map.maxEntries() / perCpu;
  }

  Count read(int counter) {
    long packets = 0;
    long bytes = 0;
    for (int cpu = 0; cpu < cpus; cpu++) {
      long offset = offset(cpu, counter);
      packets += (long) LONG.getOpaque(memory, offset + katran_counter.packets$offset());
      bytes += (long) LONG.getOpaque(memory, offset + katran_counter.bytes$offset());
    }
    return new Count(packets, bytes);
  }

  void clear(int counter) {
    for (int cpu = 0; cpu < cpus; cpu++) {
      memory.asSlice(offset(cpu, counter), katran_counter.sizeof()).fill((byte) 0);
    }
  }

  private long offset(int cpu, int counter) {
    return ((long) cpu * perCpu + counter) * katran_counter.sizeof();
  }
}
