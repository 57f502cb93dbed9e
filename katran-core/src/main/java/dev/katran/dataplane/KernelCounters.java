package dev.katran.dataplane;

import dev.katran.Count;
import dev.katran.bpf.generated.Katran;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where each counter is. */
final class KernelCounters {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final KernelTables tables;
  private final MappedCounters counters;
  private volatile @Nullable MappedCounters watched;

  KernelCounters(KernelTables tables) {
    this.tables = tables;
    this.counters = new MappedCounters(tables.counters(), tables.countersPerCpu());
  }

  Count count(Counter counter) {
    if (counter instanceof Counter.WatchedMisses(int backend)) {
      MappedCounters found = watched();
      return found == null ? Count.ZERO : found.read(backend);
    }
    return counters.read(indexOf(counter));
  }

  void clear(Counter counter) {
    if (counter instanceof Counter.WatchedMisses(int backend)) {
      MappedCounters found = watched();
      if (found != null) {
        found.clear(backend);
      }
    } else {
      counters.clear(indexOf(counter));
    }
  }

  private @Nullable MappedCounters watched() {
    if (watched == null && tables.hasWatched()) {
      watched = new MappedCounters(tables.watched(), tables.backendNumbers());
    }
    return watched;
  }

  @SuppressWarnings("EnumOrdinal") // the ABI has them in the same order
  private int indexOf(Counter counter) {
    return switch (counter) {
      case Counter.Total total -> total.ordinal();
      case Counter.OfVip(int number, Counter.VipEvent event) ->
          Katran.KATRAN_FIRST_VIP_COUNTER()
              + number * Katran.KATRAN_COUNTERS_PER_VIP()
              + event.ordinal();
      case Counter.OfBackend(int number) -> tables.firstBackendCounter() + number;
      case Counter.WatchedMisses misses -> throw new IllegalArgumentException(misses.toString());
    };
  }

  /** The packets of each CPU's second, where it has not ended yet. */
  long newFlows() {
    long now = System.nanoTime();
    long sum = 0;
    for (int cpu = 0; cpu < counters.cpus(); cpu++) {
      Count second = counters.read(cpu, Katran.KATRAN_NEW_FLOWS());
      if (now - second.bytes() < SECOND) {
        sum += second.packets();
      }
    }
    return sum;
  }

  int quicInvalidIdSample() {
    for (int cpu = 0; cpu < counters.cpus(); cpu++) {
      int sample = (int) counters.read(cpu, Katran.KATRAN_QUIC_INVALID_ID_SAMPLE()).packets();
      if (sample != 0) {
        return sample;
      }
    }
    return 0;
  }
}
