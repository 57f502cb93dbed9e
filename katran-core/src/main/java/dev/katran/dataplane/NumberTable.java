package dev.katran.dataplane;

import java.util.Map;
import java.util.Set;

/**
 * A table of the dataplane that gives keys a number. It costs nothing until something is put.
 *
 * @param <K> immutable, with equals
 */
public interface NumberTable<K> {

  /** Adds these entries, in place of those with the same keys. May be half done if it throws. */
  void put(Map<K, Integer> entries);

  /**
   * Removes the entries with these keys, as far as there are any. May be half done if it throws.
   */
  void remove(Set<K> keys);

  /** Makes the table equal to these entries in one step: a packet meets the old or the new ones. */
  void replace(Map<K, Integer> entries);
}
