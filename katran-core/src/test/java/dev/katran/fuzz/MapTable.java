package dev.katran.fuzz;

import dev.katran.internal.dataplane.IndexTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * An index table in memory that exposes its entries.
 *
 * @param <K> the type of the keys
 */
final class MapTable<K> implements IndexTable<K> {

  private final Map<K, Integer> entries = new HashMap<>();

  /** Returns a live view of the entries. */
  Map<K, Integer> entries() {
    return entries;
  }

  @Override
  public void put(Map<K, Integer> more) {
    entries.putAll(more);
  }

  @Override
  public void remove(Set<K> keys) {
    entries.keySet().removeAll(keys);
  }

  @Override
  public Runnable replace(Map<K, Integer> replacement) {
    Map<K, Integer> before = Map.copyOf(entries);
    entries.clear();
    entries.putAll(replacement);
    return () -> replace(before);
  }
}
