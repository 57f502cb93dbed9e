package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import java.lang.foreign.MemorySegment;

/**
 * What the inner maps of a map of maps must look like, as a map that lives until the load. It is
 * made by hand because bpf_map__set_max_entries of libbpf 1.1 crashes on an inner map.
 */
final class MapTemplate {

  private MapTemplate() {}

  /** The template of {@code outer}, as the source has it, but of another size. */
  static BpfMap resized(MemorySegment outer, int maxEntries) {
    MemorySegment inner = BpfObjects.innerMap(outer);
    return BpfMap.create(
        BpfObjects.mapType(inner),
        "template",
        BpfObjects.keySize(inner),
        BpfObjects.valueSize(inner),
        maxEntries,
        BpfObjects.mapFlags(inner));
  }
}
