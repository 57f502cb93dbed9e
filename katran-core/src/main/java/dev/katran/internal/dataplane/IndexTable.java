package dev.katran.internal.dataplane;

import java.util.Map;
import java.util.Set;

/**
 * A table of a {@link Dataplane} that maps keys to indices. It is created when the first entry is
 * inserted.
 *
 * @param <K> an immutable key with {@code equals}
 */
public interface IndexTable<K> {

  /** Inserts or replaces entries, not atomically. */
  void put(Map<K, Integer> entries);

  /** Removes entries, not atomically. Ignores absent keys. */
  void remove(Set<K> keys);

  /**
   * Replaces all entries atomically: a packet sees the old entries or the new ones.
   *
   * @return brings the old entries back, without any new resource; valid until the next write or
   *     {@link Dataplane#commit}
   */
  Runnable replace(Map<K, Integer> entries);
}
