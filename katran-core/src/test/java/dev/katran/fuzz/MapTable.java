package dev.katran.fuzz;

import dev.katran.dataplane.NumberTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A table that shows what is in it.
 *
 * @param <K> of its keys
 */
final class MapTable<K> implements NumberTable<K> {

  private final Map<K, Integer> entries = new HashMap<>();

  /** What is in it now, and whatever comes. */
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
  public void replace(Map<K, Integer> replacement) {
    entries.clear();
    entries.putAll(replacement);
  }
}
