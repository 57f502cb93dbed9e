package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.katran_flow_bucket;
import dev.katran.bpf.generated.katran_flow_key;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.dataplane.FlowWord;
import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * The two maps of a flow table: the buckets, and the flows of their entries.
 *
 * @param buckets an array of {@code struct katran_flow_bucket}
 * @param keys an array of {@code struct katran_flow_key}
 */
record FlowMaps(BpfMap buckets, BpfMap keys) implements AutoCloseable {

  private static final String KEYS = "_keys";

  /**
   * Creates an empty table, or opens the one that is pinned.
   *
   * @param name the name of its first map; that of the second has a suffix
   * @param count the number of buckets
   * @param numaNode the node of its memory, or empty for any
   * @param pins where the maps are pinned
   * @param pin the name of the first map's pin; that of the second has a suffix
   */
  static FlowMaps create(String name, int count, OptionalInt numaNode, MapPins pins, String pin) {
    BpfMap buckets =
        pins.openOrCreate(pin, () -> array(name, katran_flow_bucket.sizeof(), count, numaNode));
    try {
      int places = count * FlowWord.PER_BUCKET;
      String keys = name + KEYS;
      return new FlowMaps(
          buckets,
          pins.openOrCreate(
              pin + KEYS, () -> array(keys, katran_flow_key.sizeof(), places, numaNode)));
    } catch (RuntimeException | Error e) {
      buckets.close();
      throw e;
    }
  }

  private static BpfMap array(String name, long valueSize, int entries, OptionalInt numaNode) {
    MapSpec spec =
        MapSpec.array(name)
            .valueSize(valueSize)
            .maxEntries(entries)
            .flags(BpfConstants.BPF_F_MMAPABLE);
    return MapCreation.create(numaNode.isPresent() ? spec.numaNode(numaNode.getAsInt()) : spec);
  }

  /** Returns the number of buckets. */
  int count() {
    return buckets.maxEntries();
  }

  /** Returns the memory of the words. */
  MemorySegment words() {
    return buckets.mmap();
  }

  /** Returns the memory of the flows, which is valid as long as the words'. */
  MemorySegment flows() {
    return keys.mmap();
  }

  /** Returns the kernel memory of both maps, in bytes. */
  long kernelMemory() {
    return buckets.kernelMemory() + keys.kernelMemory();
  }

  @Override
  public void close() {
    buckets.close();
    keys.close();
  }
}
