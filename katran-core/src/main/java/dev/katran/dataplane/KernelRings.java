package dev.katran.dataplane;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
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

  /** Until so many have come together, rings that may wait do, for the kernel waits with each. */
  private static final int MOST_WAITING = 64;

  /** A ring that is written, and not in use yet. */
  private record Waiting(int vip, BpfMap map, RingSlots ring) {}

  private final KernelTables tables;
  private final int slots;
  private final Map<Integer, InUse> inUse = new ConcurrentHashMap<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private boolean mayWait;

  KernelRings(KernelTables tables, int slots) {
    this.tables = tables;
    this.slots = slots;
  }

  /**
   * Rings that these changes put are in use at the latest when it returns. If it throws, some may
   * be.
   */
  void together(Runnable changes) {
    mayWait = true;
    try {
      changes.run();
      install();
    } finally {
      mayWait = false;
      forget(each -> true);
    }
  }

  void put(int vip, RingSlots ring) {
    check(ring);
    waiting.add(new Waiting(vip, write(ring), ring));
    if (mayWait && waiting.size() < MOST_WAITING) {
      return;
    }
    try {
      install();
    } finally {
      forget(each -> true);
    }
  }

  private BpfMap write(RingSlots ring) {
    BpfMap map = tables.createRing();
    try {
      MemorySegment memory = map.mmap();
      MemorySegment.copy(ring.words(), 0, memory, ValueLayout.JAVA_INT, 0, slots);
      int[] previous = ring.previousNumbers();
      if (previous != null) {
        MemorySegment.copy(
            previous, 0, memory, ValueLayout.JAVA_INT, tables.previousOffset(), slots);
      }
      return map;
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
  }

  private void forget(Predicate<Waiting> which) {
    waiting.removeIf(each -> {
      boolean isMeant = which.test(each);
      if (isMeant) {
        each.map().close();
      }
      return isMeant;
    });
  }

  /**
   * Puts the waiting rings in place of those in use. After an update of a map of maps the kernel
   * waits until no packet is under way that may have seen the old one, which takes milliseconds; so
   * all but one go in a batch, after which it waits once, or (before 6.8) not at all. After the
   * last one, which goes alone, it always does.
   */
  private void install() {
    if (waiting.size() > 1) {
      installTogether(waiting.subList(0, waiting.size() - 1));
    }
    while (!waiting.isEmpty()) {
      Waiting next = waiting.getFirst();
      try (Arena arena = Arena.ofConfined()) {
        tables
            .rings()
            .updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, next.vip()), next.map());
      }
      waiting.removeFirst();
      replace(next);
    }
  }

  /** Leaves those that wait to go one by one where the kernel knows no such batches. */
  private void installTogether(List<Waiting> rings) {
    int[] vips = rings.stream().mapToInt(Waiting::vip).toArray();
    try (Arena arena = Arena.ofConfined()) {
      tables
          .rings()
          .updateInnerBatch(
              arena.allocateFrom(ValueLayout.JAVA_INT, vips),
              rings.stream().map(Waiting::map).toList());
    } catch (BpfException e) {
      if (!e.isNotSupported()) {
        throw e;
      }
      return;
    }
    rings.forEach(this::replace);
    rings.clear();
  }

  private void replace(Waiting ring) {
    replace(ring.vip(), new InUse(ring.map().kernelMemory(), ring.map()), ring.ring());
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
    forget(each -> each.vip() == vip);
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
