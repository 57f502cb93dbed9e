package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A kernel map that is replaced as a whole: a map of maps with one slot ({@code table.h}). A packet
 * sees the old or the new inner map, never a mix. The maps are created when they are first needed.
 */
final class ReplaceableMap implements AutoCloseable {

  /** The suffix of the pin of the inner map in use. */
  static final String CURRENT = "_now";

  /** The suffix of the pin of an inner map that is being installed. */
  static final String NEXT = "_next";

  private final String name;
  private final MapPins pins;
  private final Supplier<BpfMap> create;

  private volatile @Nullable BpfMap outer;
  private volatile @Nullable BpfMap current;

  /** The inner maps that were replaced since the last {@link #commit}. */
  private final List<BpfMap> replaced = new ArrayList<>();

  /**
   * Creates a handle for maps that do not exist yet.
   *
   * @param name the name of the map of maps
   * @param pins where the maps are pinned
   * @param create creates an empty inner map, with the same parameters each time
   */
  ReplaceableMap(String name, MapPins pins, Supplier<BpfMap> create) {
    this.name = name;
    this.pins = pins;
    this.create = create;
  }

  /** Opens the maps if they are pinned, or converts those of another generation. */
  void adopt() {
    BpfMap converted = pins.converted(name, create).orElse(null);
    if (converted != null) {
      try {
        create(converted);
      } catch (RuntimeException | Error e) {
        converted.close();
        throw e;
      }
      return;
    }
    if (!pins.contains(name)) {
      return;
    }
    BpfMap pinned = pins.open(name);
    outer = pinned;
    int id = pinned.innerId(0);
    for (String suffix : List.of(NEXT, CURRENT)) {
      if (pins.contains(name + suffix)) {
        BpfMap inner = pins.open(name + suffix);
        if (current == null && inner.id() == id) {
          current = inner;
          pins.replace(name + CURRENT, inner);
        } else {
          inner.close();
        }
      }
    }
    pins.unpin(name + NEXT);
    if (current == null) {
      throw pins.damaged("the map in use of " + name + " is not there");
    }
  }

  /** Returns whether the maps exist. */
  boolean exists() {
    return outer != null;
  }

  /** Returns the map of maps that the program uses. The first call creates it. */
  BpfMap outer() {
    if (outer == null) {
      BpfMap inner = create.get();
      try {
        create(inner);
      } catch (RuntimeException | Error e) {
        inner.close();
        throw e;
      }
    }
    return outer;
  }

  /** Leaves this handle without maps if it fails. */
  private void create(BpfMap inner) {
    BpfMap created = BpfMap.create(MapSpec.arrayOfMaps(name, 1, inner));
    outer = created;
    try {
      install(inner, () -> {});
      pins.replace(name, created);
    } catch (RuntimeException | Error e) {
      outer = null;
      created.close();
      throw e;
    }
  }

  /** Returns the current inner map. The first call creates it. */
  BpfMap current() {
    outer();
    return Objects.requireNonNull(current);
  }

  /**
   * Fills an empty inner map and atomically replaces the current one with it. The kernel waits
   * until no packet uses the old one.
   *
   * @return brings the old map back; valid until {@link #commit}
   */
  Runnable replace(Consumer<BpfMap> fill) {
    return replace(fill, () -> {});
  }

  /**
   * Replaces the inner map like {@link #replace(Consumer)}.
   *
   * @param ready called just before that, when the new map is filled and pinned
   */
  Runnable replace(Consumer<BpfMap> fill, Runnable ready) {
    BpfMap before = current();
    BpfMap inner = create.get();
    try {
      fill.accept(inner);
      install(inner, ready);
    } catch (RuntimeException | Error e) {
      inner.close();
      throw e;
    }
    replaced.add(before);
    return () -> restore(before);
  }

  private void restore(BpfMap before) {
    BpfMap after = current();
    if (after != before) {
      install(before, () -> {});
      replaced.remove(before);
      replaced.add(after);
    }
  }

  /** Closes the maps that were replaced. */
  void commit() {
    replaced.forEach(BpfMap::close);
    replaced.clear();
  }

  private void install(BpfMap inner, Runnable ready) {
    pins.replace(name + NEXT, inner);
    ready.run();
    try (Arena arena = Arena.ofConfined()) {
      outer().updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, 0), inner);
    }
    current = inner;
    pins.replace(name + CURRENT, inner);
    pins.unpin(name + NEXT);
  }

  /** Returns the kernel memory of the maps, in bytes. Other threads may replace one meanwhile. */
  long kernelMemory() {
    return memoryOf(outer) + memoryOf(current);
  }

  private static long memoryOf(@Nullable BpfMap map) {
    return map == null ? 0 : map.kernelMemory();
  }

  @Override
  public void close() {
    commit();
    if (outer != null) {
      outer.close();
    }
    if (current != null) {
      current.close();
    }
  }
}
