package dev.katran.dataplane;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table in the kernel, as a map of maps with one slot: replacing the table is one update, of
 * which a packet sees the old or the new one. Nothing is created before it is needed.
 */
final class KernelNumberTable<K> implements NumberTable<K>, AutoCloseable {

  /** How many entries are written in one system call. */
  private static final int BATCH = 4096;

  /** Writes a key as the program reads it, into zeroed memory. */
  interface KeyWriter<K> {
    void write(MemorySegment target, K key);
  }

  private final String name;
  private final int mapType;
  private final int keySize;
  private final int maxEntries;
  private final KeyWriter<K> writer;

  private @Nullable BpfMap outer;
  private @Nullable BpfMap current;

  KernelNumberTable(String name, int mapType, int keySize, int maxEntries, KeyWriter<K> writer) {
    this.name = name;
    this.mapType = mapType;
    this.keySize = keySize;
    this.maxEntries = maxEntries;
    this.writer = writer;
  }

  /** What the program looks into; created by the first call. */
  BpfMap outer() {
    if (outer == null) {
      BpfMap inner = create();
      try {
        outer = BpfMap.createArrayOfMaps(name, 1, inner);
        install(inner);
      } catch (RuntimeException | Error e) {
        inner.close();
        throw e;
      }
    }
    return outer;
  }

  /** The table that the program sees now. */
  BpfMap current() {
    outer();
    return Objects.requireNonNull(current);
  }

  private BpfMap create() {
    return BpfMap.create(
        mapType, name, keySize, Integer.BYTES, maxEntries, KernelTables.LOOKED_UP_ONLY);
  }

  private void install(BpfMap inner) {
    try (Arena arena = Arena.ofConfined()) {
      outer().updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, 0), inner);
    }
    if (current != null) {
      current.close();
    }
    current = inner;
  }

  @Override
  public void put(Map<K, Integer> entries) {
    if (!entries.isEmpty()) {
      fill(current(), entries);
    }
  }

  @Override
  public void remove(Set<K> keys) {
    if (current == null) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(keySize, Integer.BYTES);
      for (K each : keys) {
        writer.write(key.fill((byte) 0), each);
        current.delete(key);
      }
    }
  }

  @Override
  public void replace(Map<K, Integer> entries) {
    if (current == null && entries.isEmpty()) {
      return;
    }
    outer();
    BpfMap inner = create();
    try {
      fill(inner, entries);
      install(inner);
    } catch (RuntimeException | Error e) {
      inner.close();
      throw e;
    }
  }

  private void fill(BpfMap map, Map<K, Integer> entries) {
    try (Arena arena = Arena.ofConfined()) {
      int capacity = Math.clamp(entries.size(), 1, BATCH);
      MemorySegment keys = arena.allocate((long) capacity * keySize, Integer.BYTES);
      MemorySegment values = arena.allocate(capacity * map.bufferSize(), Long.BYTES);
      Iterator<Map.Entry<K, Integer>> left = entries.entrySet().iterator();
      while (left.hasNext()) {
        keys.fill((byte) 0);
        int count = 0;
        for (; count < capacity && left.hasNext(); count++) {
          Map.Entry<K, Integer> entry = left.next();
          writer.write(keys.asSlice((long) count * keySize, keySize), entry.getKey());
          values.set(ValueLayout.JAVA_INT, count * map.bufferSize(), entry.getValue());
        }
        write(map, keys, values, count);
      }
    }
  }

  /** Kernels before 5.11 know no batches of tries. */
  private void write(BpfMap map, MemorySegment keys, MemorySegment values, int count) {
    try {
      map.updateBatch(keys, values, count);
    } catch (BpfException e) {
      if (e.errno() != Errno.ENOTSUPP && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      for (int i = 0; i < count; i++) {
        map.update(keys.asSlice((long) i * keySize, keySize), values.asSlice(i * map.bufferSize()));
      }
    }
  }

  /** What the kernel has allotted to it, in bytes. */
  long kernelMemory() {
    return outer == null ? 0 : outer.kernelMemory() + current().kernelMemory();
  }

  @Override
  public void close() {
    if (outer != null) {
      outer.close();
    }
    if (current != null) {
      current.close();
    }
  }
}
