package dev.katran.internal.control;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.Maps;
import dev.katran.BackendKey;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.failure.Failure;
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
  private int[] sizes = new int[GROUPS];

  /** The number of entries with each value. Guarded by the lock of changes. */
  private Map<V, Integer> uses = new HashMap<>();

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
    return new CurrentEntries<>(() -> entries);
  }

  /** Inserts or replaces entries. */
  public void putAll(Map<? extends K, ? extends V> added) {
    Map<K, V> put = checked(added);
    control.change(desired -> {
      Map<K, V> before = new HashMap<>();
      Set<K> isNew = new HashSet<>();
      put.forEach((key, value) -> {
        V old = entries.get(key);
        if (old == null) {
          isNew.add(key);
        } else {
          before.put(key, old);
          kind.removed(desired, old, 1);
        }
        kind.added(desired, value, 1);
      });
      int[] sizesAfter = sizes.clone();
      isNew.forEach(key -> sizesAfter[kind.group(key)]++);
      checkCapacity(sizesAfter);
      desired.add(new Put(put, before, isNew));
      desired.onCommit(() -> {
        sizes = sizesAfter;
        before.values().forEach(value -> count(value, -1));
        put.values().forEach(value -> count(value, 1));
        entries.putAll(put);
      });
    });
  }

  /** Removes entries, ignores absent keys, and returns the number of removed entries. */
  public int removeAll(Set<? extends K> keys) {
    int[] removed = {0};
    control.change(desired -> {
      Map<K, V> before = new HashMap<>();
      for (K key : keys) {
        V old = entries.get(requireNonNull(key, kind.name()));
        if (old != null) {
          before.put(key, old);
          kind.removed(desired, old, 1);
        }
      }
      desired.add(new Remove(before));
      desired.onCommit(() -> {
        before.forEach((key, value) -> {
          sizes[kind.group(key)]--;
          count(value, -1);
        });
        entries.keySet().removeAll(before.keySet());
        removed[0] = before.size();
      });
    });
    return removed[0];
  }

  /** Replaces all entries in one step. Visits each of them once, because there may be millions. */
  public void replace(Map<? extends K, ? extends V> replacement) {
    ConcurrentHashMap<K, V> after = new ConcurrentHashMap<>(replacement.size());
    Map<V, Integer> usesAfter = new HashMap<>();
    int[] sizesAfter = new int[GROUPS];
    replacement.forEach((key, value) -> {
      check(key, value);
      after.put(key, value);
      usesAfter.merge(value, 1, Integer::sum);
      sizesAfter[kind.group(key)]++;
    });
    control.change(desired -> {
      checkCapacity(sizesAfter);
      uses.forEach((value, count) -> kind.removed(desired, value, count));
      usesAfter.forEach((value, count) -> kind.added(desired, value, count));
      desired.add(new Replace(after));
      desired.onCommit(() -> {
        sizes = sizesAfter;
        uses = usesAfter;
        entries = after;
      });
    });
  }

  private void count(V value, int change) {
    uses.compute(
        value,
        (same, count) -> {
          int after = (count == null ? 0 : count) + change;
          return after == 0 ? null : after;
        });
  }

  private Map<K, V> checked(Map<? extends K, ? extends V> added) {
    added.forEach(this::check);
    return new HashMap<>(added);
  }

  private void check(K key, V value) {
    kind.check(requireNonNull(key, kind.name()), requireNonNull(value, kind.name()));
  }

  private void checkCapacity(int[] after) {
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

  private IndexTable<K> table() {
    return kind.in(control.dataplane());
  }

  /** Inserts or replaces entries. */
  private final class Put implements DesiredState.TableWrite {

    private final Map<K, V> put;
    private final Map<K, V> before;
    private final Set<K> isNew;

    Put(Map<K, V> put, Map<K, V> before, Set<K> isNew) {
      this.put = put;
      this.before = before;
      this.isNew = isNew;
    }

    @Override
    public void run(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      table().put(indices(put, backends));
    }

    @Override
    public void undo(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      table().remove(isNew);
      table().put(indices(before, backends));
    }
  }

  /** Removes entries. */
  private final class Remove implements DesiredState.TableWrite {

    private final Map<K, V> before;

    Remove(Map<K, V> before) {
      this.before = before;
    }

    @Override
    public void run(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      table().remove(before.keySet());
    }

    @Override
    public void undo(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      table().put(indices(before, backends));
    }
  }

  /** Replaces all entries. */
  private final class Replace implements DesiredState.TableWrite {

    private final Map<K, V> after;
    private @Nullable Runnable restore;

    Replace(Map<K, V> after) {
      this.after = after;
    }

    @Override
    public void run(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      restore = table().replace(indices(after, backends));
    }

    @Override
    public void undo(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      if (restore != null) {
        restore.run();
      }
    }
  }
}
