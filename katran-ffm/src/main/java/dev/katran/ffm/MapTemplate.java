package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.LibC;
import java.lang.foreign.MemorySegment;

/**
 * A resized inner-map template for a map of maps in an object; it exists only during the load.
 *
 * <p>The template is created by hand because {@code bpf_map__set_max_entries} of libbpf 1.1 crashes
 * on an inner map.
 */
final class MapTemplate {

  private static final int NOT_CREATED = -1;

  private final MemorySegment outer;
  private final int maxEntries;
  private int fd = NOT_CREATED;

  MapTemplate(MemorySegment outer, int maxEntries) {
    this.outer = outer;
    this.maxEntries = maxEntries;
  }

  /** Creates the template and passes it to libbpf; returns 0 or the negative errno. */
  int install() {
    MemorySegment inner = BpfObjects.innerMap(outer);
    fd =
        MapSpec.of(BpfObjects.mapType(inner), "template")
            .keySize(BpfObjects.keySize(inner))
            .valueSize(BpfObjects.valueSize(inner))
            .maxEntries(maxEntries)
            .flags(BpfObjects.mapFlags(inner))
            .create();
    return BpfObjects.setInnerMap(outer, fd);
  }

  void close() {
    if (fd != NOT_CREATED) {
      LibC.close(fd);
      fd = NOT_CREATED;
    }
  }
}
