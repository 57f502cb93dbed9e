package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A part of the {@link RingMemory}, in a map of its own. Not safe for use by several threads. */
final class RingChunk implements AutoCloseable {

  private static final int SIZE = Katran.KATRAN_RING_CHUNK();

  private final int number;
  private final BpfMap map;
  private final long kernelMemory;
  private final Arena lifetime = Arena.ofShared();
  private final MemorySegment memory;

  /** The free parts: offsets and sizes, in bytes. No two of them touch. */
  private final NavigableMap<Integer, Integer> free = new TreeMap<>(Map.of(0, SIZE));

  /**
   * Creates the chunk's map.
   *
   * @param number the index of the map in {@code ring_chunks}
   */
  RingChunk(int number) {
    this(number, MapCreation.create(RingMemory.chunk()));
  }

  /** Takes over a chunk's map, which contains no rings yet as far as this chunk knows. */
  RingChunk(int number, BpfMap map) {
    this.number = number;
    this.map = map;
    try {
      this.kernelMemory = map.kernelMemory();
      this.memory = map.map(lifetime);
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
  }

  int number() {
    return number;
  }

  /** Returns the map, until {@link #closeDescriptor}. */
  BpfMap map() {
    return map;
  }

  /** Returns the kernel memory of the map, in bytes. */
  long kernelMemory() {
    return kernelMemory;
  }

  /** Returns the memory in use by rings, in bytes. */
  long usedMemory() {
    return SIZE - free.values().stream().mapToLong(size -> size).sum();
  }

  MemorySegment memory() {
    return memory;
  }

  boolean isUnused() {
    return free.getOrDefault(0, 0) == SIZE;
  }

  /** Takes the first free part of this size and returns its offset, or -1 if there is none. */
  int take(int size) {
    for (Map.Entry<Integer, Integer> part : free.entrySet()) {
      if (part.getValue() >= size) {
        return split(part.getKey(), part.getValue(), size);
      }
    }
    return -1;
  }

  private int split(int offset, int available, int size) {
    free.remove(offset);
    if (size < available) {
      free.put(offset + size, available - size);
    }
    return offset;
  }

  /** Takes a part that is free, so far. */
  void take(int offset, int size) {
    Map.Entry<Integer, Integer> part = free.floorEntry(offset);
    if (part == null || part.getKey() + part.getValue() < offset + size) {
      throw new IllegalStateException(
          "%d bytes at %d of chunk %d are in use".formatted(size, offset, number));
    }
    free.put(part.getKey(), offset - part.getKey());
    if (offset == part.getKey()) {
      free.remove(offset);
    }
    int rest = part.getKey() + part.getValue() - offset - size;
    if (rest > 0) {
      free.put(offset + size, rest);
    }
  }

  /** Gives back a part. */
  void give(int offset, int size) {
    int start = offset;
    int end = offset + size;
    Map.Entry<Integer, Integer> before = free.lowerEntry(offset);
    if (before != null && before.getKey() + before.getValue() == offset) {
      start = before.getKey();
    }
    Integer after = free.remove(end);
    if (after != null) {
      end += after;
    }
    free.put(start, end - start);
  }

  /** Closes the map's descriptor. The mapping keeps the map. */
  void closeDescriptor() {
    map.close();
  }

  /** Unmaps the chunk. */
  @Override
  public void close() {
    map.close();
    lifetime.close();
  }
}
