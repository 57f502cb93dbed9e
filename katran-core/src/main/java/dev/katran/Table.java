package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import dev.katran.internal.control.LiveTable;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A table of a {@link LoadBalancer} besides its VIPs, see {@link LoadBalancer#serverIds}, {@link
 * LoadBalancer#sourceRoutes} and {@link LoadBalancer#tunnelEndpoints}.
 *
 * <p>Changes are all or nothing, like those of VIPs: a method that throws has changed nothing.
 * During {@link #replace} a packet sees the old table or the new one, never a mix; during {@link
 * #putAll} and {@link #removeAll} it may see some of the entries. Reads never wait for a change. An
 * empty table takes no kernel memory.
 *
 * @param <K> what entries are found by
 * @param <V> what they hold
 * @since 0.1.0
 */
public final class Table<K, V> {

  private final LiveTable<K, V> table;

  Table(LiveTable<K, V> table) {
    this.table = table;
  }

  /** Returns the number of entries. */
  public int size() {
    return table.size();
  }

  /** Returns the value of a key. */
  public Optional<V> get(K key) {
    return Optional.ofNullable(table.get(requireNonNull(key, "key")));
  }

  /**
   * Returns a read-only view of all entries that follows changes, in no particular order. An
   * iteration sees the entries of the time at which it began.
   */
  public Map<K, V> entries() {
    return table.entries();
  }

  /**
   * Inserts or replaces an entry.
   *
   * @throws IllegalArgumentException if the key or the value is out of range
   * @throws LimitExceededException if there would be more entries or backends than {@link
   *     LoadBalancer#limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void put(K key, V value) {
    putAll(ImmutableMap.of(key, value));
  }

  /**
   * Inserts or replaces entries. Much faster than one by one.
   *
   * @throws IllegalArgumentException if a key or a value is out of range
   * @throws LimitExceededException if there would be more entries or backends than {@link
   *     LoadBalancer#limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void putAll(Map<? extends K, ? extends V> entries) {
    table.putAll(entries);
  }

  /**
   * Removes an entry.
   *
   * @return whether there was one
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(K key) {
    return removeAll(Set.of(key)) == 1;
  }

  /**
   * Removes entries. Absent keys are ignored.
   *
   * @return how many there were
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public int removeAll(Set<? extends K> keys) {
    return table.removeAll(keys);
  }

  /**
   * Replaces all entries in one step.
   *
   * @throws IllegalArgumentException if a key or a value is out of range
   * @throws LimitExceededException if there would be more entries or backends than {@link
   *     LoadBalancer#limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void replace(Map<? extends K, ? extends V> entries) {
    table.replace(entries);
  }

  /**
   * Removes all entries in one step.
   *
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void clear() {
    replace(ImmutableMap.of());
  }
}
