package dev.katran.dataplane;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** A table in the kernel. Nothing is created before it is needed. */
final class KernelNumberTable<K> implements NumberTable<K>, AutoCloseable {

  /** How many entries are written in one system call. */
  private static final int BATCH = 4096;

  /** Writes a key as the program reads it, into zeroed memory. */
  interface KeyWriter<K> {
    void write(MemorySegment target, K key);
  }

  private final int keySize;
  private final KeyWriter<K> writer;
  private final SwappedMap map;

  KernelNumberTable(String name, int mapType, int keySize, int maxEntries, KeyWriter<K> writer) {
    this.keySize = keySize;
    this.writer = writer;
    this.map =
        new SwappedMap(
            name,
            () ->
                BpfMap.create(
                    mapType,
                    name,
                    keySize,
                    Integer.BYTES,
                    maxEntries,
                    KernelTables.LOOKED_UP_ONLY));
  }

  /** What the program looks into; created by the first call. */
  BpfMap outer() {
    return map.outer();
  }

  /** The table that the program sees now. */
  BpfMap current() {
    return map.current();
  }

  @Override
  public void put(Map<K, Integer> entries) {
    if (!entries.isEmpty()) {
      fill(current(), entries);
    }
  }

  @Override
  public void remove(Set<K> keys) {
    if (!map.exists()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(keySize, Integer.BYTES);
      for (K each : keys) {
        writer.write(key.fill((byte) 0), each);
        current().delete(key);
      }
    }
  }

  @Override
  public void replace(Map<K, Integer> entries) {
    if (map.exists() || !entries.isEmpty()) {
      map.replace(inner -> fill(inner, entries));
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
      if (!e.isNotSupported()) {
        throw e;
      }
      for (int i = 0; i < count; i++) {
        map.update(keys.asSlice((long) i * keySize, keySize), values.asSlice(i * map.bufferSize()));
      }
    }
  }

  /** What the kernel has allotted to it, in bytes. */
  long kernelMemory() {
    return map.kernelMemory();
  }

  @Override
  public void close() {
    map.close();
  }
}
