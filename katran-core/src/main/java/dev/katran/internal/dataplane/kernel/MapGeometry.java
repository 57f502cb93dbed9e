package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Suppliers;
import com.google.common.math.IntMath;
import dev.katran.Limits;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_ring_line;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.platform.Cpus;
import java.util.function.Supplier;

/** The sizes and offsets of the program's maps, derived from the configuration. */
final class MapGeometry {

  /**
   * The number of indices per VIP and backend. New entries are written before old ones are removed,
   * so a change that replaces all of them needs twice their number.
   */
  private static final int INDICES_PER_ENTRY = 2;

  private static final int CACHE_LINE = 64;

  private final DataplaneConfig config;
  private final Limits limits;
  private final Supplier<Cpus> cpus;

  /** Creates the geometry of maps on this machine. */
  MapGeometry(DataplaneConfig config) {
    this(config, Suppliers.memoize(Cpus::ofThisMachine));
  }

  /**
   * Creates the geometry of maps on a machine with these CPUs.
   *
   * @param cpus called only for sizes that depend on it
   */
  MapGeometry(DataplaneConfig config, Supplier<Cpus> cpus) {
    this.config = config;
    this.limits = config.limits();
    this.cpus = cpus;
  }

  /** Returns the lines of a ring, without those of the previous backends. */
  int ringLines() {
    return Math.ceilDiv(limits.ringSize(), Katran.KATRAN_SLOTS_PER_LINE());
  }

  /** Returns the offset of the previous backends in a ring's memory, in bytes. */
  long previousOffset() {
    return ringLines() * katran_ring_line.sizeof();
  }

  /**
   * Returns the lines of the VIP hash table, a power of two. Half of the positions stay free. Each
   * VIP may have a second entry that answers pings.
   */
  int vipLines() {
    int entries = 2 * limits.vips();
    int positions = 2 * entries;
    return IntMath.ceilingPowerOfTwo(Math.ceilDiv(positions, Katran.KATRAN_VIPS_PER_LINE()));
  }

  /**
   * Returns a CPU's share of the flow table, from which its budgets are derived. Possible CPUs that
   * are not online have none.
   */
  int flowsPerCpu() {
    int sharing =
        config.flowTableCpus().isEmpty() ? cpus.get().online() : config.flowTableCpus().size();
    return Math.ceilDiv(limits.flowTableSize(), sharing);
  }

  /**
   * Returns whether each CPU has free entries and an LRU list of its own in the shared flow table
   * ({@code BPF_F_NO_COMMON_LRU}). That is faster, and a CPU cannot evict the flows of another one.
   * But the kernel divides the entries by all possible CPUs and never lends them: with 128 possible
   * and 4 online, 97 % of the table would be unused. If not all possible CPUs are online, they
   * share one list, from which each takes up to 128 free entries at a time.
   */
  boolean hasFlowsPerCpu() {
    return cpus.get().online() == cpus.get().possible();
  }

  /** Returns the number of VIP indices, which start at 0. */
  int vipIndices() {
    return INDICES_PER_ENTRY * limits.vips();
  }

  /** Returns the exclusive upper bound of backend indices, which start at 1. */
  int backendIndices() {
    return INDICES_PER_ENTRY * limits.backends() + 1;
  }

  /** Returns the index of the first backend's counter. */
  int firstBackendCounter() {
    return Katran.KATRAN_FIRST_VIP_COUNTER() + Katran.KATRAN_COUNTERS_PER_VIP() * vipIndices();
  }

  /** Returns the counters of one CPU, rounded up to whole cache lines to avoid false sharing. */
  int countersPerCpu() {
    int perLine = CACHE_LINE / (int) katran_counter.sizeof();
    return Math.ceilDiv(firstBackendCounter() + backendIndices(), perLine) * perLine;
  }
}
