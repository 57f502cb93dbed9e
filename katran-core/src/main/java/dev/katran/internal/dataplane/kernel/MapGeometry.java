package dev.katran.internal.dataplane.kernel;

import com.google.common.math.IntMath;
import dev.katran.Limits;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.DataplaneConfig;

/** The sizes and offsets of the program's maps, derived from the configuration. */
final class MapGeometry {

  /**
   * The number of indices per VIP and backend. New entries are written before old ones are removed,
   * so a change that replaces all of them needs twice their number.
   */
  private static final int INDICES_PER_ENTRY = 2;

  private static final int CACHE_LINE = 64;

  /** The largest element of an array on every kernel: KMALLOC_MAX_SIZE of Linux 5.10 and 6.1. */
  private static final int MAX_ELEMENT = 1 << 22;

  /** The place of a ring is given in lines, in the upper half of a word of {@code vip_rings}. */
  private static final long MAX_RING_CHUNKS =
      1L << (Integer.SIZE + Katran.KATRAN_RING_LINE_BITS() - Katran.KATRAN_RING_CHUNK_BITS());

  private final Limits limits;

  /** Creates the geometry of maps on this machine. */
  MapGeometry(DataplaneConfig config) {
    this.limits = config.limits();
  }

  /**
   * Returns the largest number of chunks that hold rings: enough for twice as many rings of the
   * widest format as there are VIP indices, because replaced rings are kept for a while.
   */
  int ringChunks() {
    long line = 1L << Katran.KATRAN_RING_LINE_BITS();
    long bytes = (long) limits.ringSize() << Katran.KATRAN_RING_WIDE();
    long ring = Math.ceilDiv(bytes, line) * line;
    long chunk = Katran.KATRAN_RING_CHUNK();
    long rings = 2L * vipIndices();
    long chunks =
        ring > chunk ? rings * Math.ceilDiv(ring, chunk) : Math.ceilDiv(rings, chunk / ring);
    return (int) Math.min(chunks, MAX_RING_CHUNKS);
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

  /** Returns the lines of the VIP hash table, with that of the hash function. */
  int allVipLines() {
    return Katran.KATRAN_FIRST_VIP_LINE() + vipLines();
  }

  /**
   * Returns whether the VIP hash table is one element of its map, so that a packet looks it up
   * once. Otherwise each line is an element of its own.
   */
  boolean hasWholeVipTables() {
    return allVipLines() * katran_vip_line.sizeof() <= MAX_ELEMENT;
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

  /**
   * Returns whether an element of the map of counters holds all counters of a CPU, so that a packet
   * looks them up once. Otherwise each counter is an element of its own.
   */
  boolean hasCounterBlocks() {
    return countersPerCpu() * katran_counter.sizeof() <= MAX_ELEMENT;
  }

  /**
   * Returns the blocks of counters: one for each CPU, which writes it, and a last one of what
   * earlier maps counted.
   */
  int counterBlocks() {
    return BpfMap.possibleCpus() + 1;
  }

  /** Returns the counters of one CPU, rounded up to whole cache lines to avoid false sharing. */
  int countersPerCpu() {
    int perLine = CACHE_LINE / (int) katran_counter.sizeof();
    return Math.ceilDiv(firstBackendCounter() + backendIndices(), perLine) * perLine;
  }
}
