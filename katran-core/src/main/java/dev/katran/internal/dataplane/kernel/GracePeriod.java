package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/**
 * Waits for packets: when {@link #await} returns, the programs that were running when it was called
 * have ended. Uses that the kernel waits for an RCU grace period after each update of a map of
 * maps, which takes some milliseconds.
 */
final class GracePeriod implements AutoCloseable {

  private final BpfMap inner;
  private final BpfMap outer;

  GracePeriod() {
    inner = MapCreation.create(MapSpec.array("grace").valueSize(Long.BYTES).maxEntries(1));
    try {
      outer = MapCreation.create(MapSpec.arrayOfMaps("grace_period", 1, inner));
    } catch (RuntimeException | Error e) {
      inner.close();
      throw e;
    }
  }

  /** Waits. May be called by several threads at once. */
  void await() {
    try (Arena arena = Arena.ofConfined()) {
      outer.updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, 0), inner);
    }
  }

  /** Returns the kernel memory of the maps, in bytes. */
  long kernelMemory() {
    return inner.kernelMemory() + outer.kernelMemory();
  }

  @Override
  public void close() {
    outer.close();
    inner.close();
  }
}
