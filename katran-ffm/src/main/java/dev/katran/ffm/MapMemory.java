package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.LibC;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An array's values, mapped into this process. */
final class MapMemory {

  private final Arena lifetime = Arena.ofShared();
  private final MemorySegment segment;

  private MapMemory(MemorySegment memory) {
    this.segment = memory.reinterpret(lifetime, LibC::unmap);
  }

  /** The kernel keeps the values in whole pages, {@link BpfMap#valueStride()} apart. */
  static MapMemory map(BpfMap map) {
    long values = (long) map.maxEntries() * map.valueStride();
    MemorySegment memory = LibC.map(map.fd(), BpfMap.roundUp(values, LibC.pageSize()));
    if (BpfObjects.isNull(memory)) {
      throw new BpfException("map into memory " + map, Native.errno());
    }
    return new MapMemory(memory);
  }

  MemorySegment segment() {
    return segment;
  }

  void close() {
    lifetime.close();
  }
}
