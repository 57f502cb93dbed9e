package dev.katran.fuzz;

import dev.katran.dataplane.NumberTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A change of a table.
 *
 * @param <K> of its keys
 */
sealed interface TableEdit<K> {

  /** Makes it. */
  void applyTo(NumberTable<K> table);

  /** The same with one entry less. */
  List<TableEdit<K>> simpler();

  /** Adds entries. */
  record Put<K>(Map<K, Integer> entries) implements TableEdit<K> {
    @Override
    public void applyTo(NumberTable<K> table) {
      table.put(entries);
    }

    @Override
    public List<TableEdit<K>> simpler() {
      List<TableEdit<K>> simpler = new ArrayList<>();
      entries.keySet().forEach(key -> simpler.add(new Put<>(without(entries, key))));
      return simpler;
    }
  }

  /** Removes entries. */
  record Remove<K>(Set<K> keys) implements TableEdit<K> {
    @Override
    public void applyTo(NumberTable<K> table) {
      table.remove(keys);
    }

    @Override
    public List<TableEdit<K>> simpler() {
      List<TableEdit<K>> simpler = new ArrayList<>();
      for (K key : keys) {
        Set<K> rest = new HashSet<>(keys);
        rest.remove(key);
        simpler.add(new Remove<>(rest));
      }
      return simpler;
    }
  }

  /** Replaces all entries. */
  record Replace<K>(Map<K, Integer> entries) implements TableEdit<K> {
    @Override
    public void applyTo(NumberTable<K> table) {
      table.replace(entries);
    }

    @Override
    public List<TableEdit<K>> simpler() {
      List<TableEdit<K>> simpler = new ArrayList<>();
      simpler.add(new Put<>(entries));
      entries.keySet().forEach(key -> simpler.add(new Replace<>(without(entries, key))));
      return simpler;
    }
  }

  private static <K> Map<K, Integer> without(Map<K, Integer> entries, K key) {
    Map<K, Integer> rest = new HashMap<>(entries);
    rest.remove(key);
    return rest;
  }
}
