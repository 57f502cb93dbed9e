package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.RingTable;
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
 * The rings in the kernel. A new ring is written through its memory mapping before the program sees
 * it, and replaces the old one atomically. VIPs with equal stable rings share one map, which saves
 * memory and keeps its lines in the caches for all of them.
 */
final class KernelRings implements RingTable, AutoCloseable {

  private static final VarHandle SLOT = ValueLayout.JAVA_INT.varHandle();

  /** The number of pending rings at which they are installed. Limits their memory. */
  private static final int MAX_PENDING = 64;

  /** A ring in a map of its own, and the number of VIPs that use it. */
  private static final class RingMap {

    private final BpfMap map;
    private final long memory;

    /** The slots, if the ring can be shared; null while they may change. */
    private @Nullable RingSlots sharedSlots;

    private int users;

    RingMap(BpfMap map) {
      this.map = map;
      this.memory = map.kernelMemory();
    }
  }

  /** A ring that is not installed for its VIP yet. */
  private record PendingRing(int vip, RingMap ring) {}

  private final KernelTables tables;
  private final int slots;
  private final Map<Integer, RingMap> installed = new ConcurrentHashMap<>();
  private final Map<RingSlots, RingMap> shared = new HashMap<>();
  private final List<PendingRing> pending = new ArrayList<>();
  private boolean isBatching;

  KernelRings(KernelTables tables, int slots) {
    this.tables = tables;
    this.slots = slots;
  }

  /**
   * Runs changes and installs their rings at the latest when it returns. If it throws, some of the
   * rings may be installed.
   */
  void batch(Runnable changes) {
    isBatching = true;
    try {
      changes.run();
      KernelCalls.run(this::install);
    } finally {
      isBatching = false;
      discardPending(each -> true);
    }
  }

  @Override
  public void put(int vip, RingSlots ring) {
    ring.checkSize(slots);
    KernelCalls.run(() -> insert(vip, ring));
  }

  private void insert(int vip, RingSlots ring) {
    pending.add(new PendingRing(vip, mapOf(ring)));
    if (!isBatching || pending.size() >= MAX_PENDING) {
      install();
    }
  }

  private RingMap mapOf(RingSlots ring) {
    RingMap existing = shared.get(ring);
    if (existing != null) {
      return existing;
    }
    RingMap created = new RingMap(write(ring));
    if (ring.isStable()) {
      share(created, ring);
    }
    return created;
  }

  /** Makes a map available to other VIPs. It is never written again, so it is unmapped. */
  private void share(RingMap ringMap, RingSlots ring) {
    ringMap.sharedSlots = ring;
    ringMap.map.munmap();
    shared.put(ring, ringMap);
  }

  private BpfMap write(RingSlots ring) {
    BpfMap map = tables.createRing();
    try {
      MemorySegment memory = map.mmap();
      MemorySegment.copy(ring.words(), 0, memory, ValueLayout.JAVA_INT, 0, slots);
      int[] previous = ring.previousBackends();
      if (previous != null) {
        MemorySegment.copy(
            previous, 0, memory, ValueLayout.JAVA_INT, tables.geometry().previousOffset(), slots);
      }
      return map;
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
  }

  private void discardPending(Predicate<PendingRing> condition) {
    List<PendingRing> discarded = pending.stream().filter(condition).toList();
    pending.removeAll(discarded);
    discarded.forEach(each -> closeIfUnused(each.ring()));
  }

  private void closeIfUnused(RingMap ring) {
    if (ring.users == 0 && pending.stream().noneMatch(each -> each.ring() == ring)) {
      shared.remove(ring.sharedSlots, ring);
      ring.map.close();
    }
  }

  /**
   * Installs the pending rings. After an update of a map of maps, the kernel waits until no packet
   * can still use the old inner map, which takes milliseconds. All rings but the last are therefore
   * updated in one batch, after which the kernel waits once, or not at all (before 6.8). The last
   * ring is updated alone, which always waits. If the kernel rejects an update, the remaining
   * pending rings are discarded.
   */
  private void install() {
    try {
      if (pending.size() > 1) {
        installBatch(pending.subList(0, pending.size() - 1));
      }
      while (!pending.isEmpty()) {
        PendingRing next = pending.getFirst();
        try (Arena arena = Arena.ofConfined()) {
          tables
              .rings()
              .updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, next.vip()), next.ring().map);
        }
        pending.removeFirst();
        acquire(next);
      }
    } finally {
      discardPending(each -> true);
    }
  }

  /** Installs rings in one batch. Leaves them pending if the kernel does not support that. */
  private void installBatch(List<PendingRing> rings) {
    int[] vips = rings.stream().mapToInt(PendingRing::vip).toArray();
    try (Arena arena = Arena.ofConfined()) {
      tables
          .rings()
          .updateInnerBatch(
              arena.allocateFrom(ValueLayout.JAVA_INT, vips),
              rings.stream().map(each -> each.ring().map).toList());
    } catch (BpfException e) {
      if (!e.isNotSupported()) {
        throw e;
      }
      return;
    }
    List<PendingRing> batch = List.copyOf(rings);
    rings.clear();
    batch.forEach(this::acquire);
  }

  private void acquire(PendingRing next) {
    next.ring().users++;
    release(installed.put(next.vip(), next.ring()));
  }

  private void release(@Nullable RingMap old) {
    if (old != null) {
      old.users--;
      closeIfUnused(old);
    }
  }

  @Override
  public void mark(int vip, RingSlots ring) {
    ring.checkSize(slots);
    RingMap own = installed.get(vip);
    if (own == null || own.sharedSlots != null) {
      throw new IllegalStateException("all slots of the ring of VIP " + vip + " are stable");
    }
    if (shared.containsKey(ring)) {
      put(vip, ring);
      return;
    }
    MemorySegment memory = KernelCalls.get(own.map::mmap);
    int[] words = ring.words();
    for (int slot = 0; slot < slots; slot++) {
      SLOT.setOpaque(memory, (long) slot * Integer.BYTES, words[slot]);
    }
    if (ring.isStable()) {
      share(own, ring);
    }
  }

  @Override
  public void remove(int vip) {
    KernelCalls.run(() -> delete(vip));
  }

  private void delete(int vip) {
    discardPending(each -> each.vip() == vip);
    try (Arena arena = Arena.ofConfined()) {
      tables.rings().delete(arena.allocateFrom(ValueLayout.JAVA_INT, vip));
    }
    release(installed.remove(vip));
  }

  /** Returns the kernel memory of the installed rings, in bytes. */
  long kernelMemory() {
    return ringMaps().stream().mapToLong(ring -> ring.memory).sum();
  }

  private Set<RingMap> ringMaps() {
    return Set.copyOf(installed.values());
  }

  @Override
  public void close() {
    ringMaps().forEach(ring -> ring.map.close());
  }
}
