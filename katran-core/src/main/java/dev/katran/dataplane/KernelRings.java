package dev.katran.dataplane;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rings in the kernel. A new one is written through its mapping before the program sees it, and
 * takes the place of the old one in one step. VIPs whose rings are stable and equal share one: it
 * takes memory once, and its lines are in the caches for all of them.
 */
final class KernelRings implements AutoCloseable {

  private static final VarHandle SLOT = ValueLayout.JAVA_INT.varHandle();

  /** Until so many have come together, rings that may wait do, for the kernel waits with each. */
  private static final int MOST_WAITING = 64;

  /** A ring in the kernel, and how many VIPs have it. */
  private static final class Copy {

    private final BpfMap map;
    private final long memory;

    /** What it says while that is for all who want the same; null while it is one VIP's own. */
    private @Nullable RingSlots shared;

    private int users;

    Copy(BpfMap map) {
      this.map = map;
      this.memory = map.kernelMemory();
    }
  }

  /** A ring that is not in use by a VIP yet. */
  private record Waiting(int vip, Copy copy) {}

  private final KernelTables tables;
  private final int slots;
  private final Map<Integer, Copy> inUse = new ConcurrentHashMap<>();
  private final Map<RingSlots, Copy> shared = new HashMap<>();
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
    waiting.add(new Waiting(vip, copyOf(ring)));
    if (!mayWait || waiting.size() >= MOST_WAITING) {
      install();
    }
  }

  private Copy copyOf(RingSlots ring) {
    Copy known = shared.get(ring);
    if (known != null) {
      return known;
    }
    Copy copy = new Copy(write(ring));
    if (ring.isStable()) {
      share(copy, ring);
    }
    return copy;
  }

  /** From now on nobody writes to it. */
  private void share(Copy copy, RingSlots ring) {
    copy.shared = ring;
    copy.map.munmap();
    shared.put(ring, copy);
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
    List<Waiting> forgotten = waiting.stream().filter(which).toList();
    waiting.removeAll(forgotten);
    forgotten.forEach(each -> closeIfUnused(each.copy()));
  }

  private void closeIfUnused(Copy copy) {
    if (copy.users == 0 && waiting.stream().noneMatch(each -> each.copy() == copy)) {
      shared.remove(copy.shared, copy);
      copy.map.close();
    }
  }

  /**
   * Puts the waiting rings in place of those in use. After an update of a map of maps the kernel
   * waits until no packet is under way that may have seen the old one, which takes milliseconds; so
   * all but one go in a batch, after which it waits once, or (before 6.8) not at all. After the
   * last one, which goes alone, it always does. If the kernel refuses one, none waits any more.
   */
  private void install() {
    try {
      if (waiting.size() > 1) {
        installTogether(waiting.subList(0, waiting.size() - 1));
      }
      while (!waiting.isEmpty()) {
        Waiting next = waiting.getFirst();
        try (Arena arena = Arena.ofConfined()) {
          tables
              .rings()
              .updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, next.vip()), next.copy().map);
        }
        waiting.removeFirst();
        use(next);
      }
    } finally {
      forget(each -> true);
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
              rings.stream().map(each -> each.copy().map).toList());
    } catch (BpfException e) {
      if (!e.isNotSupported()) {
        throw e;
      }
      return;
    }
    List<Waiting> installed = List.copyOf(rings);
    rings.clear();
    installed.forEach(this::use);
  }

  private void use(Waiting ring) {
    ring.copy().users++;
    release(inUse.put(ring.vip(), ring.copy()));
  }

  private void release(@Nullable Copy before) {
    if (before != null) {
      before.users--;
      closeIfUnused(before);
    }
  }

  private void check(RingSlots ring) {
    if (ring.size() != slots) {
      throw new IllegalArgumentException(
          "a ring of %d slots, not of %d".formatted(ring.size(), slots));
    }
  }

  void mark(int vip, RingSlots ring) {
    check(ring);
    Copy own = inUse.get(vip);
    if (own == null || own.shared != null) {
      throw new IllegalStateException("the ring of VIP " + vip + " has no slot to mark");
    }
    if (shared.containsKey(ring)) {
      put(vip, ring);
      return;
    }
    MemorySegment memory = own.map.mmap();
    int[] words = ring.words();
    for (int slot = 0; slot < slots; slot++) {
      SLOT.setOpaque(memory, (long) slot * Integer.BYTES, words[slot]);
    }
    if (ring.isStable()) {
      share(own, ring);
    }
  }

  void remove(int vip) {
    forget(each -> each.vip() == vip);
    try (Arena arena = Arena.ofConfined()) {
      tables.rings().delete(arena.allocateFrom(ValueLayout.JAVA_INT, vip));
    }
    release(inUse.remove(vip));
  }

  /** What the rings in use take in the kernel, in bytes. */
  long kernelMemory() {
    return copies().stream().mapToLong(copy -> copy.memory).sum();
  }

  private Set<Copy> copies() {
    return Set.copyOf(inUse.values());
  }

  @Override
  public void close() {
    copies().forEach(copy -> copy.map.close());
  }
}
