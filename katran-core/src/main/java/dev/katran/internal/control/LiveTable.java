package dev.katran.internal.control;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.collect.Sets;
import dev.katran.BackendKey;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.failure.Failure;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A table of a balancer other than its VIPs. Holds the entries as users gave them and writes every
 * change to the table in the dataplane.
 *
 * @param <K> the type of keys
 * @param <V> the type of values
 */
public final class LiveTable<K, V> implements StateLog.Table {

  private static final int GROUPS = 2;

  /** All entries are replaced if more than one in this many differs. */
  private static final int EDITED_PART = 4;

  private final Control control;
  private final TableKind<K, V> kind;

  /** The entries. Only changes write them. */
  private volatile ConcurrentHashMap<K, V> entries = new ConcurrentHashMap<>();

  /** The number of entries in each group. Guarded by the lock of changes. */
  private int[] sizes = new int[GROUPS];

  /** The number of entries with each value. Guarded by the lock of changes. */
  private Map<V, Integer> uses = new HashMap<>();

  /** Counts the changes. */
  private final AtomicInteger version = new AtomicInteger();

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

  @Override
  public TableKind<?, ?> kind() {
    return kind;
  }

  /** Returns a read-only view of the entries. */
  @Override
  public Map<K, V> entries() {
    return new CurrentEntries<>(() -> entries);
  }

  /** Returns a copy of the entries. */
  ImmutableMap<K, V> copy() {
    return ImmutableMap.copyOf(entries);
  }

  /** Inserts or replaces entries. */
  public void putAll(Map<? extends K, ? extends V> added) {
    Map<K, V> put = checked(added);
    control.change(desired -> edit(desired, put, Set.of()));
  }

  /** Removes entries, ignores absent keys, and returns the number of removed entries. */
  public int removeAll(Set<? extends K> keys) {
    int[] removed = {0};
    control.change(desired -> {
      Set<K> present = new HashSet<>();
      for (K key : keys) {
        if (entries.containsKey(requireNonNull(key, kind.name()))) {
          present.add(key);
        }
      }
      edit(desired, Map.of(), present);
      removed[0] = present.size();
    });
    return removed[0];
  }

  /** Replaces all entries in one step. Visits each of them once, because there may be millions. */
  public void replace(Map<? extends K, ? extends V> replacement) {
    All<K, V> after = all(replacement);
    control.change(desired -> replace(desired, after));
  }

  /**
   * Returns a part of a larger change that makes the entries equal to others. It writes only those
   * that differ, or all in one step if many do. Compares them now, because there may be millions,
   * and under the lock of changes only if the table has changed since.
   */
  Consumer<DesiredState> replacing(Map<K, V> replacement) {
    return new Replacing(replacement);
  }

  /**
   * Plans to put and remove entries.
   *
   * @param removed keys of entries, none of which is put
   */
  private void edit(DesiredState desired, Map<K, V> put, Set<K> removed) {
    Map<K, V> before = new HashMap<>();
    int[] sizesAfter = sizes.clone();
    put.forEach((key, value) -> {
      V old = entries.get(key);
      if (old == null) {
        sizesAfter[kind.group(key)]++;
      } else {
        before.put(key, old);
        kind.removed(desired, old, 1);
      }
      kind.added(desired, value, 1);
    });
    for (K key : removed) {
      V old = requireNonNull(entries.get(key));
      before.put(key, old);
      kind.removed(desired, old, 1);
      sizesAfter[kind.group(key)]--;
    }
    checkCapacity(sizesAfter);
    desired.add(new Edit(put, removed, before));
    desired.onCommit(() -> {
      version.incrementAndGet();
      sizes = sizesAfter;
      before.values().forEach(value -> count(value, -1));
      put.values().forEach(value -> count(value, 1));
      entries.keySet().removeAll(removed);
      entries.putAll(put);
    });
  }

  /** All entries that a table will have, and what is counted over them. */
  private static final class All<K, V> {

    private final ConcurrentHashMap<K, V> entries;
    private final Map<V, Integer> uses = new HashMap<>();
    private final int[] sizes = new int[GROUPS];

    All(int expectedSize) {
      entries = new ConcurrentHashMap<>(expectedSize);
    }
  }

  private All<K, V> all(Map<? extends K, ? extends V> replacement) {
    All<K, V> all = new All<>(replacement.size());
    replacement.forEach((key, value) -> {
      V held = checked(key, value);
      all.entries.put(key, held);
      all.uses.merge(held, 1, Integer::sum);
      all.sizes[kind.group(key)]++;
    });
    return all;
  }

  /** Plans to replace all entries. */
  private void replace(DesiredState desired, All<K, V> after) {
    checkCapacity(after.sizes);
    uses.forEach((value, count) -> kind.removed(desired, value, count));
    after.uses.forEach((value, count) -> kind.added(desired, value, count));
    desired.add(new Replace(after.entries));
    desired.onCommit(() -> {
      version.incrementAndGet();
      sizes = after.sizes;
      uses = after.uses;
      entries = after.entries;
    });
  }

  /** Takes over the entries that an earlier control plane has written to the dataplane. */
  void adopt(Map<Object, Object> adopted) {
    All<K, V> all = all(typed(adopted));
    version.incrementAndGet();
    sizes = all.sizes;
    uses = all.uses;
    entries = all.entries;
  }

  /** Edits a desired state in which the table has exactly these entries, and is written anew. */
  void replaceIn(DesiredState desired, Map<Object, Object> replacement) {
    replace(desired, all(typed(replacement)));
  }

  private Map<K, V> typed(Map<Object, Object> untyped) {
    Map<K, V> typed = new HashMap<>();
    untyped.forEach((key, value) -> typed.put(kind.keyOf(key), kind.valueOf(value)));
    return typed;
  }

  /** Returns how often values are used, by value. */
  Map<V, Integer> uses() {
    return uses;
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
    Map<K, V> checked = HashMap.newHashMap(added.size());
    added.forEach((key, value) -> checked.put(key, checked(key, value)));
    return checked;
  }

  private V checked(K key, V value) {
    kind.check(requireNonNull(key, kind.name()), requireNonNull(value, kind.name()));
    return kind.held(key, value);
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

  /** See {@link #replacing}. */
  private final class Replacing implements Consumer<DesiredState> {

    private final Map<K, V> replacement;
    private int comparedVersion;
    private Map<K, V> put = Map.of();
    private Set<K> removed = Set.of();
    private @Nullable All<K, V> all;

    Replacing(Map<K, V> replacement) {
      this.replacement = replacement;
      compare();
    }

    @Override
    public void accept(DesiredState desired) {
      if (comparedVersion != version.get()) {
        compare();
      }
      if (all != null) {
        replace(desired, all);
      } else if (!put.isEmpty() || !removed.isEmpty()) {
        edit(desired, put, removed);
      }
    }

    private void compare() {
      // before the entries, so that a change meanwhile is not missed
      comparedVersion = version.get();
      Map<K, V> now = entries;
      put = new HashMap<>();
      removed = new HashSet<>();
      int known = 0;
      for (Map.Entry<K, V> entry : replacement.entrySet()) {
        V old = now.get(entry.getKey());
        if (old != null) {
          known++;
        }
        if (!entry.getValue().equals(old)) {
          put.put(entry.getKey(), checked(entry.getKey(), entry.getValue()));
        }
      }
      if (known < now.size()) {
        now.keySet().stream().filter(key -> !replacement.containsKey(key)).forEach(removed::add);
      }
      int added = replacement.size() - known;
      boolean isMuch = put.size() + removed.size() > replacement.size() / EDITED_PART;
      all = isMuch || now.size() + added > kind.capacity() ? all(replacement) : null;
    }
  }

  /** Inserts, replaces and removes entries. */
  private final class Edit implements DesiredState.TableWrite {

    private final Map<K, V> put;
    private final Set<K> removed;
    private final Map<K, V> before;

    Edit(Map<K, V> put, Set<K> removed, Map<K, V> before) {
      this.put = put;
      this.removed = removed;
      this.before = before;
    }

    @Override
    public void run(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      table().put(indices(put, backends));
      table().remove(removed);
    }

    @Override
    public void undo(Map<BackendKey, InstalledState.InstalledBackend> backends) {
      table().remove(Sets.difference(put.keySet(), before.keySet()));
      table().put(indices(before, backends));
    }

    /** Leaves out the entries, of which there may be many. */
    @Override
    public String toString() {
      return "%ss: put %d, remove %d".formatted(kind.name(), put.size(), removed.size());
    }

    @Override
    public void log(StateLog.TableLog log) {
      log.edit(kind, put, removed);
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

    /** Leaves out the entries, of which there may be many. */
    @Override
    public String toString() {
      return "%ss: replace by %d".formatted(kind.name(), after.size());
    }

    @Override
    public void log(StateLog.TableLog log) {
      log.replace(kind, after);
    }
  }
}
