package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.NumberTable;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A table of a {@link LoadBalancer} besides its VIPs, see {@link LoadBalancer#serverIds}, {@link
 * LoadBalancer#sourceRoutes} and {@link LoadBalancer#tunnelEnds}.
 *
 * <p>Changes are all or nothing, as those of VIPs are: a method that throws has changed nothing. A
 * packet that comes in during a {@link #replace} meets the old table or the new one, never a mix;
 * during a {@link #putAll} or {@link #removeAll} it may meet some of the entries. Reads never wait
 * for a change. An empty table takes no memory in the kernel.
 *
 * @param <K> what entries are found by
 * @param <V> what they say
 */
public final class Table<K, V> {

  /** What kind of table it is. */
  interface Kind<K, V> {

    /** As in {@code "server id"}. */
    String name();

    /** The table behind it. */
    NumberTable<K> of(Dataplane dataplane);

    /**
     * Refuses what cannot be put.
     *
     * @throws IllegalArgumentException if the key or the value is out of range
     */
    void check(K key, V value);

    /** How many entries there may be of each {@link #group}. */
    int capacity();

    /** 0 or 1: there may be {@link #capacity} entries of each. */
    int group(K key);

    /** Takes note that one more entry says this. */
    void added(Wanted wanted, V value);

    /** Takes note that one entry less says this. */
    void removed(Wanted wanted, V value);

    /** What the dataplane is told. */
    int number(V value, Map<InetAddress, State.InstalledBackend> backends);
  }

  private static final int GROUPS = 2;

  private final Control control;
  private final Kind<K, V> kind;

  /** Written during a change only. */
  private volatile ConcurrentHashMap<K, V> entries = new ConcurrentHashMap<>();

  /** How many entries each group has; guarded by the lock of changes. */
  private final int[] sizes = new int[GROUPS];

  Table(Control control, Kind<K, V> kind) {
    this.control = control;
    this.kind = kind;
  }

  /** How many entries there are. */
  public int size() {
    return entries.size();
  }

  /** What the entry of this key says, if there is one. */
  public Optional<V> get(K key) {
    return Optional.ofNullable(entries.get(key));
  }

  /** A view of all entries, which follows changes; in no order. */
  public Map<K, V> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /**
   * Adds an entry, or changes the one of this key.
   *
   * @throws IllegalArgumentException if the key or the value is out of range
   * @throws LimitExceededException if there would be more entries, or backends, than {@link
   *     LoadBalancer#limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void put(K key, V value) {
    putAll(ImmutableMap.of(key, value));
  }

  /**
   * Adds entries, or changes those of these keys; many at a time are much faster than one by one.
   *
   * @throws IllegalArgumentException if a key or a value is out of range
   * @throws LimitExceededException if there would be more entries, or backends, than {@link
   *     LoadBalancer#limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void putAll(Map<? extends K, ? extends V> added) {
    Map<K, V> put = check(added);
    Map<K, V> before = new HashMap<>();
    control.change(
        wanted -> {
          Set<K> isNew = new HashSet<>();
          for (Map.Entry<K, V> entry : put.entrySet()) {
            V old = entries.get(entry.getKey());
            if (old == null) {
              isNew.add(entry.getKey());
            } else {
              before.put(entry.getKey(), old);
              kind.removed(wanted, old);
            }
            kind.added(wanted, entry.getValue());
          }
          checkCapacity(isNew, sizes);
          wanted.steps.add(
              step(
                  (table, backends) -> table.put(numbers(put, backends)),
                  (table, backends) -> {
                    table.remove(isNew);
                    table.put(numbers(before, backends));
                  }));
        },
        () -> {
          put.keySet().stream()
              .filter(key -> !before.containsKey(key))
              .forEach(key -> sizes[kind.group(key)]++);
          entries.putAll(put);
        });
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
   * Removes entries; those that are not there do not matter.
   *
   * @return how many there were
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public int removeAll(Set<? extends K> keys) {
    Map<K, V> before = new HashMap<>();
    control.change(
        wanted -> {
          for (K key : keys) {
            V old = entries.get(requireNonNull(key, kind.name()));
            if (old != null) {
              before.put(key, old);
              kind.removed(wanted, old);
            }
          }
          wanted.steps.add(
              step(
                  (table, backends) -> table.remove(before.keySet()),
                  (table, backends) -> table.put(numbers(before, backends))));
        },
        () -> {
          before.keySet().forEach(key -> sizes[kind.group(key)]--);
          entries.keySet().removeAll(before.keySet());
        });
    return before.size();
  }

  /**
   * Replaces all entries in one step.
   *
   * @throws IllegalArgumentException if a key or a value is out of range
   * @throws LimitExceededException if there would be more entries, or backends, than {@link
   *     LoadBalancer#limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void replace(Map<? extends K, ? extends V> replacement) {
    ConcurrentHashMap<K, V> after = new ConcurrentHashMap<>(check(replacement));
    control.change(
        wanted -> {
          checkCapacity(after.keySet(), new int[GROUPS]);
          entries.values().forEach(value -> kind.removed(wanted, value));
          after.values().forEach(value -> kind.added(wanted, value));
          Map<K, V> before = entries;
          wanted.steps.add(
              step(
                  (table, backends) -> table.replace(numbers(after, backends)),
                  (table, backends) -> table.replace(numbers(before, backends))));
        },
        () -> {
          Arrays.fill(sizes, 0);
          after.keySet().forEach(key -> sizes[kind.group(key)]++);
          entries = after;
        });
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

  private Map<K, V> check(Map<? extends K, ? extends V> added) {
    added.forEach((key, value) ->
        kind.check(requireNonNull(key, kind.name()), requireNonNull(value, kind.name())));
    return new HashMap<>(added);
  }

  private void checkCapacity(Set<K> added, int[] before) {
    int[] after = before.clone();
    added.forEach(key -> after[kind.group(key)]++);
    for (int size : after) {
      if (size > kind.capacity()) {
        throw new LimitExceededException(
            "%d %ss are more than the limit of %d".formatted(size, kind.name(), kind.capacity()));
      }
    }
  }

  private Map<K, Integer> numbers(
      Map<K, V> values, Map<InetAddress, State.InstalledBackend> backends) {
    return Maps.transformValues(values, value -> kind.number(value, backends));
  }

  private interface Write<K> {
    void to(NumberTable<K> table, Map<InetAddress, State.InstalledBackend> backends);
  }

  private Wanted.TableStep step(Write<K> forth, Write<K> back) {
    return new Wanted.TableStep() {
      @Override
      public void apply(Map<InetAddress, State.InstalledBackend> backends) {
        forth.to(kind.of(control.dataplane()), backends);
      }

      @Override
      public void undo(Map<InetAddress, State.InstalledBackend> backends) {
        back.to(kind.of(control.dataplane()), backends);
      }
    };
  }
}
