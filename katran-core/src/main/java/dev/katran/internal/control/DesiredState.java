package dev.katran.internal.control;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The target state of a change. Starts as the installed state, and holds only what is edited, so
 * that a change of one VIP does not copy the others.
 */
public final class DesiredState {

  /** A write of a table of the dataplane. */
  interface TableWrite {

    /** Writes the new entries, which name these backends. */
    void run(Map<BackendKey, InstalledState.InstalledBackend> backends);

    /** Restores the old entries, even if only some of the new ones were written. */
    void undo(Map<BackendKey, InstalledState.InstalledBackend> backends);

    /** Writes down what {@link #run} will do. */
    void log(StateLog.TableLog log);
  }

  private final InstalledState from;

  /** The VIPs that replace installed ones, or are new; empty for those that are removed. */
  private final Map<VipKey, Optional<Vip>> edits = new LinkedHashMap<>();

  private final Map<Backend, Integer> addedReferences = new LinkedHashMap<>();
  private final Map<Backend, Integer> removedReferences = new LinkedHashMap<>();
  private final Map<BackendKey, Integer> rewrittenRoutes = new LinkedHashMap<>();
  private final List<TableWrite> writes = new ArrayList<>();
  private final List<Runnable> onCommit = new ArrayList<>();
  private ImmutableSetMultimap<VipKey, BackendKey> down;
  private Optional<VipKey> watched;

  DesiredState(InstalledState state) {
    from = state;
    down = state.down();
    watched = state.watched();
  }

  /** Returns a VIP, or null. */
  public @Nullable Vip vip(VipKey key) {
    Optional<Vip> edited = edits.get(key);
    if (edited != null) {
      return edited.orElse(null);
    }
    InstalledState.Installed installed = from.vips().get(key);
    return installed == null ? null : installed.vip();
  }

  /** Inserts or replaces a VIP. */
  public void put(Vip vip) {
    edits.put(vip.key(), Optional.of(vip));
  }

  /** Removes a VIP and returns whether there was one. */
  public boolean remove(VipKey key) {
    boolean exists = vip(key) != null;
    if (exists) {
      edits.put(key, Optional.empty());
    }
    return exists;
  }

  /** Makes the VIPs equal to these. */
  public void replaceAll(Map<VipKey, Vip> vips) {
    edits.clear();
    int kept = 0;
    for (Vip vip : vips.values()) {
      InstalledState.Installed installed = from.vips().get(vip.key());
      if (installed != null) {
        kept++;
      }
      if (installed == null || !installed.vip().equals(vip)) {
        put(vip);
      }
    }
    if (kept < from.vips().size()) {
      for (VipKey key : from.vips().keySet()) {
        if (!vips.containsKey(key)) {
          edits.put(key, Optional.empty());
        }
      }
    }
  }

  /** Returns the VIPs that are inserted, or replace installed ones and differ from them. */
  List<Vip> changed() {
    List<Vip> changed = new ArrayList<>();
    edits.forEach((key, edited) -> {
      Vip vip = edited.orElse(null);
      InstalledState.Installed installed = from.vips().get(key);
      if (vip != null && (installed == null || !installed.vip().equals(vip))) {
        changed.add(vip);
      }
    });
    return changed;
  }

  /** Returns the keys of the installed VIPs that are removed. */
  Set<VipKey> removed() {
    Set<VipKey> removed = new LinkedHashSet<>();
    edits.forEach((key, edited) -> {
      if (edited.isEmpty() && from.vips().containsKey(key)) {
        removed.add(key);
      }
    });
    return removed;
  }

  /** Returns the backends that are marked down. */
  public ImmutableSetMultimap<VipKey, BackendKey> down() {
    return down;
  }

  /** Replaces the backends that are marked down. */
  public void down(ImmutableSetMultimap<VipKey, BackendKey> marks) {
    down = marks;
  }

  /** Returns the VIP whose flow table misses are counted per backend. */
  Optional<VipKey> watched() {
    return watched;
  }

  /** Sets the VIP whose flow table misses are counted per backend. */
  public void watch(Optional<VipKey> vip) {
    watched = vip;
  }

  /** Returns the writes of tables. */
  List<TableWrite> writes() {
    return writes;
  }

  /** Adds a write of a table. */
  void add(TableWrite write) {
    writes.add(write);
  }

  /** Returns what to do when the change is in force, before any other change. */
  List<Runnable> onCommit() {
    return onCommit;
  }

  /** Adds something to do when the change is in force, before any other change. */
  void onCommit(Runnable action) {
    onCommit.add(action);
  }

  /** Adds references from a table to a backend. */
  void addReferences(Backend backend, int count) {
    addedReferences.merge(backend, count, Integer::sum);
  }

  /** Removes references from a table to a backend. */
  void removeReferences(Backend backend, int count) {
    removedReferences.merge(backend, count, Integer::sum);
  }

  /** Changes the number of source routes that lead to a backend. */
  void addRoutes(Backend backend, int change) {
    if (backend.forwarding().equals(Forwarding.rewrite())) {
      rewrittenRoutes.merge(backend.key(), change, Integer::sum);
    }
  }

  /** Returns by how much the number of source routes changes that lead to rewritten backends. */
  Map<BackendKey, Integer> rewrittenRoutes() {
    return rewrittenRoutes;
  }

  /** Returns the backends that table entries name from now on, with the number of entries. */
  Map<Backend, Integer> addedReferences() {
    return addedReferences;
  }

  /** Returns the backends that table entries no longer name, with the number of entries. */
  Map<Backend, Integer> removedReferences() {
    return removedReferences;
  }
}
