package dev.katran.dataplane;

import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A map in the kernel that is replaced as a whole: a map of maps with one slot, so that a packet
 * sees the old map or the new one. Nothing is created before it is needed.
 */
final class SwappedMap implements AutoCloseable {

  private final String name;
  private final Supplier<BpfMap> create;

  private @Nullable BpfMap outer;
  private @Nullable BpfMap current;

  /**
   * A map that does not exist yet.
   *
   * @param create creates an empty one, of the same kind each time
   */
  SwappedMap(String name, Supplier<BpfMap> create) {
    this.name = name;
    this.create = create;
  }

  /** Whether there is one. */
  boolean exists() {
    return outer != null;
  }

  /** What the program looks into; created by the first call. */
  BpfMap outer() {
    if (outer == null) {
      BpfMap inner = create.get();
      try {
        outer = BpfMap.createArrayOfMaps(name, 1, inner);
        install(inner);
      } catch (RuntimeException | Error e) {
        inner.close();
        throw e;
      }
    }
    return outer;
  }

  /** The map that the program sees now. */
  BpfMap current() {
    outer();
    return Objects.requireNonNull(current);
  }

  /** Puts another map in place of the current one: an empty one, after it has been filled. */
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

  /** What the kernel has allotted to it, in bytes. */
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
