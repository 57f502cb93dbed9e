package dev.katran.dataplane;

import dev.katran.Count;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.MemorySegment;

/** The program's counters, read where it writes them, without a system call. */
final class MappedCounters {

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
      MemorySegment value = value(cpu, counter);
      packets += katran_counter.packets(value);
      bytes += katran_counter.bytes(value);
    }
    return new Count(packets, bytes);
  }

  void clear(int counter) {
    for (int cpu = 0; cpu < cpus; cpu++) {
      value(cpu, counter).fill((byte) 0);
    }
  }

  private MemorySegment value(int cpu, int counter) {
    long index = (long) cpu * perCpu + counter;
    return memory.asSlice(index * katran_counter.sizeof(), katran_counter.sizeof());
  }
}
