package dev.katran.internal.dataplane.kernel;

import dev.katran.Count;
import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.CounterTable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The counters in the kernel, read and cleared through memory mappings. */
final class KernelCounters implements CounterTable {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private static final int[] NEW_FLOWS = {Katran.KATRAN_NEW_FLOWS(), Katran.KATRAN_NEW_OTHERS()};

  private final KernelTables tables;
  private final MappedCounters counters;
  private volatile @Nullable MappedCounters watched;

  KernelCounters(KernelTables tables) {
    this.tables = tables;
    this.counters = new MappedCounters(tables.counters(), tables.geometry().countersPerCpu());
  }

  @Override
  public Count read(Counter counter) {
    if (counter instanceof Counter.WatchedMisses(int backend)) {
      MappedCounters found = watched();
      return found == null ? Count.ZERO : found.read(backend);
    }
    return counters.read(CounterIndex.of(counter, tables.geometry()));
  }

  @Override
  public void clear(Counter counter) {
    if (counter instanceof Counter.WatchedMisses(int backend)) {
      MappedCounters found = watched();
      if (found != null) {
        found.clear(backend);
      }
    } else {
      counters.clear(CounterIndex.of(counter, tables.geometry()));
    }
  }

  private @Nullable MappedCounters watched() {
    if (watched == null && tables.hasWatched()) {
      watched = new MappedCounters(tables.watched(), tables.geometry().backendIndices());
    }
    return watched;
  }

  /** Adds up the CPUs with a current second that has not ended yet. */
  @Override
  public long newFlows() {
    long now = System.nanoTime();
    long sum = 0;
    for (int cpu = 0; cpu < counters.cpus(); cpu++) {
      for (int budget : NEW_FLOWS) {
        Count second = counters.read(cpu, budget);
        if (now - second.bytes() < SECOND) {
          sum += second.packets();
        }
      }
    }
    return sum;
  }

  @Override
  public int quicInvalidIdSample() {
    for (int cpu = 0; cpu < counters.cpus(); cpu++) {
      int sample = (int) counters.read(cpu, Katran.KATRAN_QUIC_INVALID_ID_SAMPLE()).packets();
      if (sample != 0) {
        return sample;
      }
    }
    return 0;
  }
}
