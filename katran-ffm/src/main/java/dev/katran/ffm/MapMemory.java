package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.LibC;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The values of an array, mapped into the memory of this process for all threads. */
final class MapMemory {

  private final Arena lifetime = Arena.ofShared();
  private final MemorySegment segment;

  /** Maps the values of an array, see {@link #map}. */
  MapMemory(int fd, long size, String map) {
    this.segment = map(fd, size, map, lifetime);
  }

  /**
   * Maps the values of an array until an arena is closed.
   *
   * @param size the values' total size in bytes, rounded up to whole pages here
   * @param map the map, for messages
   */
  static MemorySegment map(int fd, long size, String map, Arena lifetime) {
    MemorySegment memory = LibC.map(fd, MapLayout.roundUp(size, LibC.pageSize()));
    if (BpfObjects.isNull(memory)) {
      throw new BpfException("mmap " + map, Native.errno());
    }
    try {
      return memory.reinterpret(lifetime, LibC::unmap);
    } catch (RuntimeException | Error e) {
      LibC.unmap(memory);
      throw e;
    }
  }

  MemorySegment segment() {
    return segment;
  }

  void close() {
    lifetime.close();
  }
}
