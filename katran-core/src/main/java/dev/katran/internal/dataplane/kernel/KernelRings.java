package dev.katran.internal.dataplane.kernel;

import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.RingTable;
import dev.katran.internal.failure.Failure;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rings in the kernel. A new ring is written to {@link RingMemory} before the program sees it.
 * Then a single write to memory makes packets use it in place of the old one. VIPs with equal rings
 * share one, which saves memory and keeps its lines in the caches for all of them.
 *
 * <p>Rings that no VIP uses any longer stay in memory until {@link #commit}, so that going back to
 * them needs no memory.
 */
final class KernelRings implements RingTable, AutoCloseable {

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  /** A ring in memory, and the number of VIPs that use it. */
  private static final class StoredRing {

    private final RingLayout layout;
    private final RingMemory.Region region;
    private RingSlots slots;
    private int users;

    StoredRing(RingLayout layout, RingMemory.Region region, RingSlots slots) {
      this.layout = layout;
      this.region = region;
      this.slots = slots;
    }
  }

  private final int slots;
  private final MemorySegment words;
  private final RingMemory memory;
  private final Map<Integer, StoredRing> installed = new HashMap<>();

  /** All rings in memory by their slots, those that no VIP uses any longer included. */
  private final Map<RingSlots, StoredRing> stored = new HashMap<>();

  /** The rings that no VIP uses. */
  private final Set<StoredRing> unused = new LinkedHashSet<>();

  /** The rings of a batch that are not installed yet, by VIP. */
  private final Map<Integer, StoredRing> pending = new HashMap<>();

  /** The rings that were taken over, by the words that lead to them, until {@link #retain}. */
  private final Map<Long, StoredRing> adopted = new HashMap<>();

  private boolean isBatching;

  /** The rings that are put next. */
  private Map<RingSlots, RingLayout.Encoded> announced = Map.of();

  KernelRings(KernelTables tables, int slots) {
    this.slots = slots;
    this.words = tables.vipRings().mmap();
    this.memory = new RingMemory(tables.ringChunks(), tables.pins(), tables.gracePeriod()::await);
  }

  /** Runs changes, whose rings are installed together, when what is passed to them runs. */
  void batch(Consumer<Runnable> changes) {
    isBatching = true;
    try {
      changes.accept(this::install);
    } finally {
      isBatching = false;
      pending.clear();
    }
  }

  @Override
  public @Nullable RingBackends read(RingSlots ring) {
    StoredRing own = stored.get(ring);
    return own == null ? null : own.layout.read(own.region);
  }

  @Override
  public void announce(List<Supplier<RingSlots>> rings) {
    Map<RingSlots, RingLayout.Encoded> encoded = new ConcurrentHashMap<>();
    rings.parallelStream()
        .map(Supplier::get)
        .forEach(ring -> {
          if (!stored.containsKey(ring)) {
            encoded.computeIfAbsent(ring, RingLayout::encode);
          }
        });
    announced = encoded;
  }

  @Override
  public void put(int vip, RingSlots ring) {
    ring.checkSize(slots);
    pending.put(vip, KernelCalls.get(() -> store(ring)));
    if (!isBatching) {
      install();
    }
  }

  private StoredRing store(RingSlots ring) {
    StoredRing existing = stored.get(ring);
    if (existing != null) {
      return existing;
    }
    RingLayout.Encoded encoded = encoded(ring);
    RingLayout layout = encoded.layout();
    RingMemory.Region region = memory.allocate(layout.bytes());
    try {
      encoded.write(region);
    } catch (RuntimeException | Error e) {
      memory.free(region);
      throw e;
    }
    StoredRing created = new StoredRing(layout, region, ring);
    stored.put(ring, created);
    unused.add(created);
    return created;
  }

  private RingLayout.Encoded encoded(RingSlots ring) {
    RingLayout.Encoded known = announced.get(ring);
    return known == null ? RingLayout.encode(ring) : known;
  }

  private void install() {
    pending.forEach((vip, ring) -> {
      unused.remove(ring);
      ring.users++;
      setWord(vip, ring.layout.word(ring.region));
      release(installed.put(vip, ring));
    });
    pending.clear();
  }

  /** Publishes a ring, after what was written to it. */
  private void setWord(int vip, long word) {
    WORD.setRelease(words, (long) vip * Long.BYTES, word);
  }

  private void release(@Nullable StoredRing old) {
    if (old != null) {
      old.users--;
      if (old.users == 0) {
        unused.add(old);
      }
    }
  }

  /** Frees the rings that no VIP uses. */
  void commit() {
    announced = Map.of();
    for (StoredRing ring : unused) {
      stored.remove(ring.slots, ring);
      memory.free(ring.region);
    }
    unused.clear();
    memory.reclaimLater();
  }

  /**
   * Marks slots in place if this VIP alone uses the ring and that is possible. Otherwise puts a
   * ring, which the other VIPs can share when they are marked alike. Also puts a ring if that is
   * smaller because all of its slots are stable, unless there is no memory for it.
   */
  @Override
  public void mark(int vip, RingSlots ring) {
    ring.checkSize(slots);
    StoredRing own = installed.get(vip);
    if (own == null || own.users > 1 || !own.layout.hasStates() || stored.containsKey(ring)) {
      put(vip, ring);
      return;
    }
    if (ring.isStable()) {
      try {
        put(vip, ring);
        return;
      } catch (Failure e) {
        if (e.kind() != Failure.Kind.EXHAUSTED) {
          throw e;
        }
      }
    }
    if (!own.layout.update(encoded(ring), own.region)) {
      put(vip, ring);
      return;
    }
    stored.remove(own.slots);
    own.slots = ring;
    stored.put(ring, own);
  }

  @Override
  public void remove(int vip) {
    pending.remove(vip);
    setWord(vip, 0);
    release(installed.remove(vip));
  }

  @Override
  public long place(int vip) {
    return (long) WORD.getAcquire(words, (long) vip * Long.BYTES);
  }

  @Override
  public @Nullable RingSlots adopt(int vip, RingSlots stable) {
    long word = place(vip);
    if (word == 0) {
      return null;
    }
    StoredRing ring =
        adopted.computeIfAbsent(word, same -> KernelCalls.get(() -> read(same, stable)));
    ring.users++;
    installed.put(vip, ring);
    stored.putIfAbsent(ring.slots, ring);
    return ring.slots;
  }

  private StoredRing read(long word, RingSlots stable) {
    RingLayout layout = RingLayout.of(word, slots, memory);
    RingMemory.Region region = memory.adopt(RingLayout.line(word), layout.bytes());
    return new StoredRing(layout, region, layout.adopt(region, stable));
  }

  @Override
  public void retain(Set<Integer> vips) {
    int count = (int) (words.byteSize() / Long.BYTES);
    for (int vip = 0; vip < count; vip++) {
      if (!vips.contains(vip) && place(vip) != 0) {
        remove(vip);
      }
    }
    adopted.clear();
  }

  /** Returns the memory of all rings, in bytes, those that were just replaced included. */
  long usedMemory() {
    return memory.usedMemory();
  }

  /** Waits until the memory freed by {@link #commit} can be used again. */
  void awaitReclaimed() {
    memory.awaitReclaimed();
  }

  /** Returns the kernel memory of the rings, in bytes. */
  long kernelMemory() {
    return memory.kernelMemory();
  }

  @Override
  public void close() {
    memory.close();
  }
}
