package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.dataplane.IndexTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** A table of indices in the kernel, created when it is first needed. */
final class KernelIndexTable<K> implements IndexTable<K>, AutoCloseable {

  /** The number of entries written per system call. */
  private static final int BATCH = 4096;

  /** Writes a key in the format of the ABI into zeroed memory. */
  interface KeyWriter<K> {
    void write(MemorySegment target, K key);
  }

  private final int keySize;
  private final KeyWriter<K> writer;
  private final ReplaceableMap map;

  KernelIndexTable(
      String name, MapPins pins, int mapType, int keySize, int maxEntries, KeyWriter<K> writer) {
    this.keySize = keySize;
    this.writer = writer;
    this.map =
        new ReplaceableMap(
            name,
            pins,
            () ->
                MapCreation.create(
                    MapSpec.of(mapType, name)
                        .keySize(keySize)
                        .valueSize(Integer.BYTES)
                        .maxEntries(maxEntries)
                        .flags(KernelTables.READ_ONLY)));
  }

  /** Opens the table if it is pinned. */
  void adopt() {
    map.adopt();
  }

  /** Returns the map of maps that the program uses. The first call creates it. */
  BpfMap outer() {
    return map.outer();
  }

  /** Returns the current inner map. The first call creates it. */
  BpfMap current() {
    return map.current();
  }

  @Override
  public void put(Map<K, Integer> entries) {
    if (!entries.isEmpty()) {
      KernelCalls.run(() -> fill(current(), entries));
    }
  }

  @Override
  public void remove(Set<K> keys) {
    if (map.exists()) {
      KernelCalls.run(() -> delete(keys));
    }
  }

  private void delete(Set<K> keys) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(keySize, Integer.BYTES);
      for (K each : keys) {
        writer.write(key.fill((byte) 0), each);
        current().delete(key);
      }
    }
  }

  @Override
  public Runnable replace(Map<K, Integer> entries) {
    if (!map.exists() && entries.isEmpty()) {
      return () -> {};
    }
    Runnable undo = KernelCalls.get(() -> map.replace(inner -> fill(inner, entries)));
    return () -> KernelCalls.run(undo);
  }

  /** Frees the entries that were replaced. */
  void commit() {
    map.commit();
  }

  private void fill(BpfMap map, Map<K, Integer> entries) {
    try (Arena arena = Arena.ofConfined()) {
      int capacity = Math.clamp(entries.size(), 1, BATCH);
      MemorySegment keys = arena.allocate((long) capacity * keySize, Integer.BYTES);
      MemorySegment values = arena.allocate(capacity * map.bufferSize(), Long.BYTES);
      Iterator<Map.Entry<K, Integer>> remaining = entries.entrySet().iterator();
      while (remaining.hasNext()) {
        keys.fill((byte) 0);
        int count = 0;
        for (; count < capacity && remaining.hasNext(); count++) {
          Map.Entry<K, Integer> entry = remaining.next();
          writer.write(keys.asSlice((long) count * keySize, keySize), entry.getKey());
          values.set(ValueLayout.JAVA_INT, count * map.bufferSize(), entry.getValue());
        }
        write(map, keys, values, count);
      }
    }
  }

  /** Writes entries one by one if the kernel has no batches for tries (before 5.11). */
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

  /** Returns the kernel memory of the table, in bytes. */
  long kernelMemory() {
    return map.kernelMemory();
  }

  @Override
  public void close() {
    map.close();
  }
}
