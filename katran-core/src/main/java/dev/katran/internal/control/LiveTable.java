package dev.katran.internal.control;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.Maps;
import dev.katran.BackendKey;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.failure.Failure;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A table of a balancer other than its VIPs. Holds the entries as users gave them and writes every
 * change to the table in the dataplane.
 *
 * @param <K> the type of keys
 * @param <V> the type of values
 */
public final class LiveTable<K, V> {

  private static final int GROUPS = 2;

  private final Control control;
  private final TableKind<K, V> kind;

  /** The entries. Only changes write them. */
  private volatile ConcurrentHashMap<K, V> entries = new ConcurrentHashMap<>();

  /** The number of entries in each group. Guarded by the lock of changes. */
  private final int[] sizes = new int[GROUPS];

  LiveTable(Control control, TableKind<K, V> kind) {
    this.control = control;
    this.kind = kind;
  }

  /** Returns the number of entries. */
  public int size() {
    return entries.size();
  }

  /** Returns the value of a key, or null. */
  public @Nullable V get(K key) {
    return entries.get(key);
  }

  /** Returns a read-only view of the entries. */
  public Map<K, V> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /** Inserts or replaces entries. */
  public void putAll(Map<? extends K, ? extends V> added) {
    Map<K, V> put = checked(added);
    Map<K, V> before = new HashMap<>();
    control.change(
        desired -> {
          Set<K> isNew = new HashSet<>();
          for (Map.Entry<K, V> entry : put.entrySet()) {
            V old = entries.get(entry.getKey());
            if (old == null) {
              isNew.add(entry.getKey());
            } else {
              before.put(entry.getKey(), old);
              kind.removed(desired, old);
            }
            kind.added(desired, entry.getValue());
          }
          checkCapacity(isNew, sizes);
          desired.add(
              step(
                  (table, backends) -> table.put(indices(put, backends)),
                  (table, backends) -> {
                    table.remove(isNew);
                    table.put(indices(before, backends));
                  }));
        },
        () -> {
          put.keySet().stream()
              .filter(key -> !before.containsKey(key))
              .forEach(key -> sizes[kind.group(key)]++);
          entries.putAll(put);
        });
  }

  /** Removes entries, ignores absent keys, and returns the number of removed entries. */
  public int removeAll(Set<? extends K> keys) {
    Map<K, V> before = new HashMap<>();
    control.change(
        desired -> {
          for (K key : keys) {
            V old = entries.get(requireNonNull(key, kind.name()));
            if (old != null) {
              before.put(key, old);
              kind.removed(desired, old);
            }
          }
          desired.add(
              step(
                  (table, backends) -> table.remove(before.keySet()),
                  (table, backends) -> table.put(indices(before, backends))));
        },
        () -> {
          before.keySet().forEach(key -> sizes[kind.group(key)]--);
          entries.keySet().removeAll(before.keySet());
        });
    return before.size();
  }

  /** Replaces all entries in one step. */
  public void replace(Map<? extends K, ? extends V> replacement) {
    ConcurrentHashMap<K, V> after = new ConcurrentHashMap<>(checked(replacement));
    control.change(
        desired -> {
          checkCapacity(after.keySet(), new int[GROUPS]);
          entries.values().forEach(value -> kind.removed(desired, value));
          after.values().forEach(value -> kind.added(desired, value));
          Map<K, V> before = entries;
          desired.add(
              step(
                  (table, backends) -> table.replace(indices(after, backends)),
                  (table, backends) -> table.replace(indices(before, backends))));
        },
        () -> {
          Arrays.fill(sizes, 0);
          after.keySet().forEach(key -> sizes[kind.group(key)]++);
          entries = after;
        });
  }

  private Map<K, V> checked(Map<? extends K, ? extends V> added) {
    added.forEach((key, value) ->
        kind.check(requireNonNull(key, kind.name()), requireNonNull(value, kind.name())));
    return new HashMap<>(added);
  }

  private void checkCapacity(Set<K> added, int[] before) {
    int[] after = before.clone();
    added.forEach(key -> after[kind.group(key)]++);
    for (int size : after) {
      if (size > kind.capacity()) {
        throw new Failure(
            Failure.Kind.LIMIT,
            "%d %ss exceed the limit of %d".formatted(size, kind.name(), kind.capacity()));
      }
    }
  }

  private Map<K, Integer> indices(
      Map<K, V> values, Map<BackendKey, InstalledState.InstalledBackend> backends) {
    return Maps.transformValues(values, value -> kind.index(value, backends));
  }

  private interface Write<K> {
    void to(IndexTable<K> table, Map<BackendKey, InstalledState.InstalledBackend> backends);
  }

  private DesiredState.TableStep step(Write<K> apply, Write<K> undo) {
    return new DesiredState.TableStep() {
      @Override
      public void apply(Map<BackendKey, InstalledState.InstalledBackend> backends) {
        apply.to(kind.in(control.dataplane()), backends);
      }

      @Override
      public void undo(Map<BackendKey, InstalledState.InstalledBackend> backends) {
        undo.to(kind.in(control.dataplane()), backends);
      }
    };
  }
}
