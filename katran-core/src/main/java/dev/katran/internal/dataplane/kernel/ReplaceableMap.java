package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A kernel map that is replaced as a whole: a map of maps with one slot ({@code table.h}). A packet
 * sees the old or the new inner map, never a mix. The maps are created when they are first needed.
 */
final class ReplaceableMap implements AutoCloseable {

  private final String name;
  private final Supplier<BpfMap> create;

  private @Nullable BpfMap outer;
  private @Nullable BpfMap current;

  /**
   * Creates a handle for maps that do not exist yet.
   *
   * @param name the name of the map of maps
   * @param create creates an empty inner map, with the same parameters each time
   */
  ReplaceableMap(String name, Supplier<BpfMap> create) {
    this.name = name;
    this.create = create;
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
        outer = BpfMap.create(MapSpec.arrayOfMaps(name, 1, inner));
        install(inner);
      } catch (RuntimeException | Error e) {
        inner.close();
        throw e;
      }
    }
    return outer;
  }

  /** Returns the current inner map. The first call creates it. */
  BpfMap current() {
    outer();
    return Objects.requireNonNull(current);
  }

  /** Fills an empty inner map and atomically replaces the current one with it. */
  void replace(Consumer<BpfMap> fill) {
    outer();
    BpfMap inner = create.get();
    try {
      fill.accept(inner);
      install(inner);
    } catch (RuntimeException | Error e) {
      inner.close();
      throw e;
    }
  }

  private void install(BpfMap inner) {
    try (Arena arena = Arena.ofConfined()) {
      outer().updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, 0), inner);
    }
    if (current != null) {
      current.close();
    }
    current = inner;
  }

  /** Returns the kernel memory of the maps, in bytes. */
  long kernelMemory() {
    return outer == null ? 0 : outer.kernelMemory() + current().kernelMemory();
  }

  @Override
  public void close() {
    if (outer != null) {
      outer.close();
    }
    if (current != null) {
      current.close();
    }
  }
}
