package dev.katran.internal.control;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The target state of a change. Starts as a copy of the installed state. */
public final class DesiredState {

  /** A write of a table of the dataplane. */
  interface TableWrite {

    /** Writes the new entries, which name these backends. */
    void run(Map<BackendKey, InstalledState.InstalledBackend> backends);

    /** Restores the old entries, even if only some of the new ones were written. */
    void undo(Map<BackendKey, InstalledState.InstalledBackend> backends);
  }

  private final Map<VipKey, Vip> vips = new LinkedHashMap<>();
  private final List<Backend> addedReferences = new ArrayList<>();
  private final List<Backend> removedReferences = new ArrayList<>();
  private final List<TableWrite> writes = new ArrayList<>();
  private final List<Runnable> onCommit = new ArrayList<>();
  private ImmutableSetMultimap<VipKey, BackendKey> down;
  private Optional<VipKey> watched;

  DesiredState(InstalledState state) {
    state.vips().forEach((key, installed) -> vips.put(key, installed.vip()));
    down = state.down();
    watched = state.watched();
  }

  /** Returns the VIPs as a modifiable map. */
  public Map<VipKey, Vip> vips() {
    return vips;
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

  /** Adds a reference from a table to a backend. */
  void addReference(Backend backend) {
    addedReferences.add(backend);
  }

  /** Removes a reference from a table to a backend. */
  void removeReference(Backend backend) {
    removedReferences.add(backend);
  }

  /** Returns the backends that table entries name from now on, once per entry. */
  Collection<Backend> addedReferences() {
    return addedReferences;
  }

  /** Returns the backends that table entries no longer name, once per entry. */
  Collection<Backend> removedReferences() {
    return removedReferences;
  }
}
