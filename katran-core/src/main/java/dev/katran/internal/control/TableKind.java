package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.IndexTable;
import java.util.Map;

/**
 * The properties in which the tables of a balancer differ.
 *
 * @param <K> the type of keys
 * @param <V> the type of values
 */
interface TableKind<K, V> {

  /** Returns the name of an entry, such as {@code "server id"}. */
  String name();

  /** Returns the table in the dataplane. */
  IndexTable<K> in(Dataplane dataplane);

  /**
   * Checks an entry before it is inserted.
   *
   * @throws IllegalArgumentException if the key or the value is out of range
   */
  void check(K key, V value);

  /**
   * Returns a value as the table holds it.
   *
   * @throws IllegalArgumentException if the value is not one of this table
   */
  V held(K key, V value);

  /** Returns the maximum number of entries in each {@link #group}. */
  int capacity();

  /** Returns the capacity group of a key, 0 or 1. */
  int group(K key);

  /** Updates the desired state after entries with this value were added. */
  void added(DesiredState desired, V value, int count);

  /** Updates the desired state after entries with this value were removed. */
  void removed(DesiredState desired, V value, int count);

  /** Returns a key of this table, whose type is not known to the compiler. */
  K keyOf(Object key);

  /** Returns a value of this table, whose type is not known to the compiler. */
  V valueOf(Object value);

  /** Returns the text of a key, which {@link #key} reads. */
  String keyText(K key);

  /** Returns the key of a text. */
  K key(String text);

  /** Returns the text of a value, which {@link #value} reads. */
  String valueText(V value);

  /** Returns the value of a text. */
  V value(String text);

  /** Returns the value in the dataplane. */
  int index(V value, Map<BackendKey, InstalledState.InstalledBackend> backends);
}
