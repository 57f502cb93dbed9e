package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.IndexTable;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A table of indices on the heap; {@code table.h} in Java.
 *
 * @param <K> the key that entries are written with
 * @param <P> the key that packets look entries up with
 */
final class HeapIndexTable<K, P> implements IndexTable<K> {

  private final Function<K, P> packetKey;
  private volatile Map<P, Integer> indices = new ConcurrentHashMap<>();

  HeapIndexTable(Function<K, P> packetKey) {
    this.packetKey = packetKey;
  }

  /** Returns the index stored for a key, or null. */
  @Nullable Integer get(P key) {
    return indices.get(key);
  }

  /** Returns whether there is an entry for a key. */
  boolean contains(P key) {
    return indices.containsKey(key);
  }

  @Override
  public void put(Map<K, Integer> entries) {
    entries.forEach((key, index) -> indices.put(packetKey.apply(key), index));
  }

  @Override
  public void remove(Set<K> keys) {
    keys.forEach(key -> indices.remove(packetKey.apply(key)));
  }

  @Override
  public Runnable replace(Map<K, Integer> entries) {
    Map<P, Integer> before = indices;
    Map<P, Integer> replacement = new ConcurrentHashMap<>();
    entries.forEach((key, index) -> replacement.put(packetKey.apply(key), index));
    indices = replacement;
    return () -> indices = before;
  }
}
