package dev.katran.fuzz;

import dev.katran.internal.dataplane.IndexTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A change to an index table.
 *
 * @param <K> the type of the table's keys
 */
sealed interface TableEdit<K> {

  /** Applies this edit to a table. */
  void applyTo(IndexTable<K> table);

  /** Returns edits with one entry fewer. */
  List<TableEdit<K>> simpler();

  /** Adds entries. */
  record Put<K>(Map<K, Integer> entries) implements TableEdit<K> {
    @Override
    public void applyTo(IndexTable<K> table) {
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
    public void applyTo(IndexTable<K> table) {
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
    public void applyTo(IndexTable<K> table) {
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
