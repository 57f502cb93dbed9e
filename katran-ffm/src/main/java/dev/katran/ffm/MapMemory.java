package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.LibC;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The values of an array, mapped into the memory of this process. */
final class MapMemory {

  private final Arena lifetime = Arena.ofShared();
  private final MemorySegment segment;

  private MapMemory(MemorySegment memory) {
    this.segment = memory.reinterpret(lifetime, LibC::unmap);
  }

  /**
   * Maps the values of an array.
   *
   * @param size the values' total size in bytes, rounded up to whole pages here
   * @param map the map, for messages
   */
  static MapMemory map(int fd, long size, String map) {
    MemorySegment memory = LibC.map(fd, MapLayout.roundUp(size, LibC.pageSize()));
    if (BpfObjects.isNull(memory)) {
      throw new BpfException("mmap " + map, Native.errno());
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
