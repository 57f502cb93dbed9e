package dev.katran.dataplane;

import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The rings in the kernel. A new one is written through its mapping before the program sees it, and
 * takes the place of the old one in one step.
 */
final class KernelRings implements AutoCloseable {

  private static final VarHandle SLOT = ValueLayout.JAVA_INT.varHandle();

  /**
   * A ring in use.
   *
   * @param memory what it takes in the kernel
   * @param map the map for as long as slots of it are not stable, and will be marked; else null
   */
  private record InUse(long memory, @Nullable BpfMap map) {

    void close() {
      if (map != null) {
        map.close();
      }
    }
  }

  private final KernelTables tables;
  private final int slots;
  private final Map<Integer, InUse> inUse = new ConcurrentHashMap<>();

  KernelRings(KernelTables tables, int slots) {
    this.tables = tables;
    this.slots = slots;
  }

  void put(int vip, RingSlots ring) {
    check(ring);
    BpfMap map = tables.createRing();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = map.mmap();
      MemorySegment.copy(ring.words(), 0, memory, ValueLayout.JAVA_INT, 0, slots);
      int[] previous = ring.previousNumbers();
      if (previous != null) {
        MemorySegment.copy(
            previous, 0, memory, ValueLayout.JAVA_INT, tables.previousOffset(), slots);
      }
      tables.rings().updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, vip), map);
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
    replace(vip, new InUse(map.kernelMemory(), map), ring);
  }

  private void check(RingSlots ring) {
    if (ring.size() != slots) {
      throw new IllegalArgumentException(
          "a ring of %d slots, not of %d".formatted(ring.size(), slots));
    }
  }

  /** The kernel keeps the map for as long as it is in use; it is kept open here if need be. */
  private void replace(int vip, InUse after, RingSlots ring) {
    InUse kept = after;
    if (ring.isStable()) {
      after.close();
      kept = new InUse(after.memory(), null);
    }
    InUse before = inUse.put(vip, kept);
    if (before != null && before.map() != after.map()) {
      before.close();
    }
  }

  void mark(int vip, RingSlots ring) {
    check(ring);
    InUse current = inUse.get(vip);
    BpfMap map = current == null ? null : current.map();
    if (current == null || map == null) {
      throw new IllegalStateException("the ring of VIP " + vip + " has no slot to mark");
    }
    MemorySegment memory = map.mmap();
    int[] words = ring.words();
    for (int slot = 0; slot < slots; slot++) {
      SLOT.setOpaque(memory, (long) slot * Integer.BYTES, words[slot]);
    }
    replace(vip, current, ring);
  }

  void remove(int vip) {
    try (Arena arena = Arena.ofConfined()) {
      tables.rings().delete(arena.allocateFrom(ValueLayout.JAVA_INT, vip));
    }
    InUse before = inUse.remove(vip);
    if (before != null) {
      before.close();
    }
  }

  /** What the rings in use take in the kernel, in bytes. */
  long kernelMemory() {
    return inUse.values().stream().mapToLong(InUse::memory).sum();
  }

  @Override
  public void close() {
    inUse.values().forEach(InUse::close);
  }
}
