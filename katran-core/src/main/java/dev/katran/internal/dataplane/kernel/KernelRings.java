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
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The rings in the kernel. A new ring is written through its memory mapping before the program sees
 * it, and replaces the old one atomically. VIPs with equal rings share one map, which saves memory
 * and descriptors, and keeps its lines in the caches for all of them.
 *
 * <p>Maps that no VIP uses any longer stay open until {@link #commit}, so that going back to them
 * needs no new map. By then the kernel has waited for the packets that used them: before 6.8 it
 * frees an inner map without waiting (CVE-2023-52447).
 */
final class KernelRings implements RingTable, AutoCloseable {

  private static final VarHandle SLOT = ValueLayout.JAVA_INT.varHandle();

  /** The number of rings that are installed in one batch. Limits the memory of its keys. */
  private static final int MAX_PENDING = 4096;

  /** A ring in a map of its own, and the number of VIPs that use it. */
  private static final class RingMap {

    private final BpfMap map;
    private final long memory;
    private RingSlots slots;
    private int users;

    RingMap(BpfMap map, RingSlots slots) {
      this.map = map;
      this.memory = map.kernelMemory();
      this.slots = slots;
    }
  }

  /** A ring that is not installed for its VIP yet. */
  private record PendingRing(int vip, RingMap ring) {}

  private final KernelTables tables;
  private final int slots;
  private final Map<Integer, RingMap> installed = new HashMap<>();

  /** All open maps by their slots, those that no VIP uses any longer included. */
  private final Map<RingSlots, RingMap> open = new ConcurrentHashMap<>();

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
      pending.clear();
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
    RingMap existing = open.get(ring);
    if (existing != null) {
      return existing;
    }
    BpfMap map = tables.createRing();
    try {
      map.access(memory -> write(memory, ring));
      RingMap created = new RingMap(map, ring);
      open.put(ring, created);
      return created;
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
  }

  private void write(MemorySegment memory, RingSlots ring) {
    MemorySegment.copy(ring.words(), 0, memory, ValueLayout.JAVA_INT, 0, slots);
    int[] previous = ring.previousBackends();
    if (previous != null) {
      MemorySegment.copy(
          previous, 0, memory, ValueLayout.JAVA_INT, tables.geometry().previousOffset(), slots);
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
      pending.clear();
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

  private static void release(@Nullable RingMap old) {
    if (old != null) {
      old.users--;
    }
  }

  /** Closes the maps that no VIP uses. */
  void commit() {
    open.values()
        .removeIf(ring -> {
          boolean isUnused = ring.users == 0;
          if (isUnused) {
            ring.map.close();
          }
          return isUnused;
        });
  }

  /**
   * Marks slots in place if this VIP alone uses the map. Otherwise puts a ring, which the other
   * VIPs can share when they are marked alike.
   */
  @Override
  public void mark(int vip, RingSlots ring) {
    ring.checkSize(slots);
    RingMap own = installed.get(vip);
    if (own == null || own.users > 1 || open.containsKey(ring)) {
      put(vip, ring);
      return;
    }
    KernelCalls.run(() -> own.map.access(memory -> writeSlots(memory, ring.words())));
    open.remove(own.slots);
    own.slots = ring;
    open.put(ring, own);
  }

  private void writeSlots(MemorySegment memory, int[] words) {
    for (int slot = 0; slot < slots; slot++) {
      SLOT.setOpaque(memory, (long) slot * Integer.BYTES, words[slot]);
    }
  }

  @Override
  public void remove(int vip) {
    KernelCalls.run(() -> delete(vip));
  }

  private void delete(int vip) {
    pending.removeIf(each -> each.vip() == vip);
    try (Arena arena = Arena.ofConfined()) {
      tables.rings().delete(arena.allocateFrom(ValueLayout.JAVA_INT, vip));
    }
    release(installed.remove(vip));
  }

  /** Returns the kernel memory of the rings, in bytes, including those that were just replaced. */
  long kernelMemory() {
    return open.values().stream().mapToLong(ring -> ring.memory).sum();
  }

  @Override
  public void close() {
    open.values().forEach(ring -> ring.map.close());
  }
}
