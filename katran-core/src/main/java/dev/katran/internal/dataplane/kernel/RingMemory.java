package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.failure.Failure;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of all rings: chunks of equal size, each a map with a single element that is mapped
 * into this process. The mapping keeps the map, whose descriptor is closed, so rings take none.
 *
 * <p>Memory that is freed may be in use by packets that have just looked up its ring. It is used
 * again after a {@linkplain GracePeriod grace period}, for which a thread waits, so that changes
 * need not. One change finds no free memory in many, and then waits itself.
 *
 * <p>{@link #allocate} and {@link #free} are called by one thread at a time.
 */
final class RingMemory implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RingMemory.class);

  private static final int CHUNK = Katran.KATRAN_RING_CHUNK();
  private static final int LINE = 1 << Katran.KATRAN_RING_LINE_BITS();

  /** The part of the chunks in use that is created ahead of time, and kept when it is unused. */
  private static final int SPARE_PART = 8;

  /**
   * Memory for a ring: a part of a chunk, or whole chunks if one is too small.
   *
   * @param offset in the first chunk, a multiple of a line
   * @param parts the memory in each chunk
   */
  record Region(int firstChunk, int offset, List<MemorySegment> parts) {

    /** Returns the first line, counted from the start of chunk 0. */
    long line() {
      return ((long) firstChunk * CHUNK + offset) / LINE;
    }

    private long bytes() {
      return parts.stream().mapToLong(MemorySegment::byteSize).sum();
    }
  }

  /** The beginning of the names of the chunks' pins. */
  private static final String PIN = "ring_chunk_";

  private final BpfMap installed;
  private final MapPins pins;
  private final Runnable gracePeriod;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition reclaimed = lock.newCondition();

  /** The chunks by their numbers. Like all that follows, used with the lock held. */
  private final NavigableMap<Integer, RingChunk> chunks = new TreeMap<>();

  /** The numbers of chunks that are being removed. */
  private final Set<Integer> leaving = new HashSet<>();

  /** What was freed and may still be in use by packets. */
  private List<Region> freed = new ArrayList<>();

  private boolean isReclaiming;
  private boolean isClosed;

  /** The kernel memory of all chunks, in bytes. Read without the lock. */
  private final AtomicLong kernelMemory = new AtomicLong();

  /**
   * Creates the memory, which has no chunks yet.
   *
   * @param installed the map {@code ring_chunks}
   * @param pins where the chunks are pinned
   * @param gracePeriod waits for the packets that are being processed
   */
  RingMemory(BpfMap installed, MapPins pins, Runnable gracePeriod) {
    this.installed = installed;
    this.pins = pins;
    this.gracePeriod = gracePeriod;
    pins.names(PIN).forEach(this::adoptChunk);
  }

  /** Takes over a pinned chunk, or removes its pin if the program does not use it. */
  private void adoptChunk(String pin) {
    int number = Integer.parseInt(pin.substring(PIN.length()));
    BpfMap map = pins.open(pin);
    try {
      if (map.id() == installed.innerId(number)) {
        RingChunk chunk = new RingChunk(number, map);
        chunk.closeDescriptor();
        chunks.put(number, chunk);
        kernelMemory.addAndGet(chunk.kernelMemory());
        return;
      }
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
    map.close();
    pins.unpin(pin);
  }

  /**
   * Takes over the memory of a ring.
   *
   * @param line the first line, counted from the start of chunk 0
   */
  Region adopt(long line, long bytes) {
    return locked(() -> region(line, bytes, /* take= */ true));
  }

  /** Returns the memory at a line, whether or not it holds a ring. */
  Region view(long line, long bytes) {
    return locked(() -> region(line, bytes, /* take= */ false));
  }

  private Region region(long line, long bytes, boolean take) {
    int first = Math.toIntExact(line * LINE / CHUNK);
    int offset = Math.toIntExact(line * LINE % CHUNK);
    int count = count(bytes);
    int size = count > 1 ? CHUNK : Math.toIntExact(Math.ceilDiv(bytes, LINE) * LINE);
    List<MemorySegment> parts = new ArrayList<>();
    for (int number = first; number < first + count; number++) {
      RingChunk chunk = chunks.get(number);
      if (chunk == null) {
        throw pins.damaged("chunk " + number + " of the rings is not there");
      }
      if (take) {
        chunk.take(offset, size);
      }
      parts.add(chunk.memory().asSlice(offset, size));
    }
    return new Region(first, offset, List.copyOf(parts));
  }

  /** Returns the parameters of a chunk. */
  static MapSpec chunk() {
    return MapSpec.array("ring_chunk")
        .valueSize(CHUNK)
        .maxEntries(1)
        .flags(BpfConstants.BPF_F_MMAPABLE);
  }

  /**
   * Allocates memory, with any contents. Waits for packets only if too little is free.
   *
   * @throws Failure if the machine has no memory left
   * @throws BpfException if the kernel refuses for another reason
   */
  Region allocate(long bytes) {
    Region found = locked(() -> find(bytes));
    if (found == null && locked(this::isWorthReclaiming)) {
      reclaim();
      found = locked(() -> find(bytes));
    }
    return found == null ? allocateInNewChunk(bytes) : found;
  }

  private <T extends @Nullable Object> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Region find(long bytes) {
    return bytes > CHUNK ? findChunks(bytes) : findPart(bytes);
  }

  private @Nullable Region findPart(long bytes) {
    int rounded = Math.toIntExact(Math.ceilDiv(bytes, LINE) * LINE);
    for (RingChunk chunk : chunks.values()) {
      int offset = chunk.take(rounded);
      if (offset >= 0) {
        return new Region(chunk.number(), offset, List.of(chunk.memory().asSlice(offset, rounded)));
      }
    }
    return null;
  }

  private @Nullable Region findChunks(long bytes) {
    int count = count(bytes);
    int first = firstFree(count);
    List<MemorySegment> parts = new ArrayList<>();
    for (int number = first; number < first + count; number++) {
      RingChunk chunk = chunks.get(number);
      if (chunk == null) {
        return null;
      }
      parts.add(chunk.memory());
    }
    for (int number = first; number < first + count; number++) {
      chunks.get(number).take(CHUNK);
    }
    return new Region(first, 0, List.copyOf(parts));
  }

  private static int count(long bytes) {
    return Math.toIntExact(Math.ceilDiv(bytes, CHUNK));
  }

  /** Returns the lowest number of some consecutive chunks that hold no ring or do not exist. */
  private int firstFree(int count) {
    int first = 0;
    for (int number = 0; number < first + count; number++) {
      RingChunk chunk = chunks.get(number);
      if (leaving.contains(number) || (chunk != null && !chunk.isUnused())) {
        first = number + 1;
      }
    }
    return first;
  }

  /** Returns whether much memory was freed: then waiting for it is better than taking more. */
  private boolean isWorthReclaiming() {
    long bytes = freed.stream().mapToLong(Region::bytes).sum();
    return bytes > 0 && bytes >= (long) chunks.size() * CHUNK / SPARE_PART;
  }

  private Region allocateInNewChunk(long bytes) {
    try {
      return locked(() -> grow(bytes));
    } catch (Failure | BpfException e) {
      reclaim();
      Region found = locked(() -> find(bytes));
      if (found == null) {
        throw e;
      }
      return found;
    }
  }

  private Region grow(long bytes) {
    int count = count(bytes);
    int first = firstFree(count);
    if (first + count > installed.maxEntries()) {
      throw new Failure(
          Failure.Kind.EXHAUSTED,
          "rings take %d chunks of memory; raise Limits.vips".formatted(installed.maxEntries()));
    }
    List<RingChunk> created = new ArrayList<>();
    try {
      for (int number = first; number < first + count; number++) {
        if (!chunks.containsKey(number)) {
          created.add(new RingChunk(number));
        }
      }
      addSpare(first + count, created);
      install(created);
    } catch (RuntimeException | Error e) {
      created.forEach(RingChunk::close);
      throw e;
    }
    return Objects.requireNonNull(find(bytes));
  }

  /** Creates chunks ahead of time: installing several takes no longer than one. */
  private void addSpare(int from, List<RingChunk> created) {
    int spare = chunks.size() / SPARE_PART;
    try {
      for (int number = from; spare > 0 && number < installed.maxEntries(); number++) {
        if (!chunks.containsKey(number) && !leaving.contains(number)) {
          created.add(new RingChunk(number));
          spare--;
        }
      }
    } catch (Failure | BpfException e) {
      log.debug("no spare memory for rings", e);
    }
  }

  private void install(List<RingChunk> created) {
    created.forEach(chunk -> pins.replace(PIN + chunk.number(), chunk.map()));
    try (Arena arena = Arena.ofConfined()) {
      install(
          installed,
          created.stream().mapToInt(RingChunk::number).toArray(),
          created.stream().map(RingChunk::map).toList(),
          arena);
    }
    for (RingChunk chunk : created) {
      chunk.closeDescriptor();
      chunks.put(chunk.number(), chunk);
      kernelMemory.addAndGet(chunk.kernelMemory());
    }
  }

  /** Installs chunks in a map of chunks, by their numbers. */
  static void install(BpfMap installed, int[] numbers, List<BpfMap> chunks, Arena arena) {
    if (numbers.length > 1 && installBatch(installed, numbers, chunks, arena)) {
      return;
    }
    for (int i = 0; i < numbers.length; i++) {
      installed.updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, numbers[i]), chunks.get(i));
    }
  }

  /** Returns whether the kernel supports that, which it does since Linux 6.0. */
  private static boolean installBatch(
      BpfMap installed, int[] numbers, List<BpfMap> chunks, Arena arena) {
    try {
      installed.updateInnerBatch(arena.allocateFrom(ValueLayout.JAVA_INT, numbers), chunks);
      return true;
    } catch (BpfException e) {
      if (!e.isNotSupported()) {
        throw e;
      }
      return false;
    }
  }

  /**
   * Frees memory to which no word leads any longer. It is used again by {@link #allocate} later.
   */
  void free(Region region) {
    locked(() -> freed.add(region));
  }

  /** Starts to wait for the packets that may use freed memory, unless a thread does already. */
  void reclaimLater() {
    if (locked(this::startsReclaiming)) {
      Thread.ofVirtual().name("katran ring memory").start(this::reclaimAll);
    }
  }

  private boolean startsReclaiming() {
    if (isReclaiming || freed.isEmpty()) {
      return false;
    }
    isReclaiming = true;
    return true;
  }

  private void reclaimAll() {
    try {
      do {
        reclaim();
        removeUnused();
      } while (locked(() -> !isClosed && !freed.isEmpty()));
    } catch (RuntimeException | Error e) {
      log.warn("cannot reuse the memory of former rings yet; tried again after the next change", e);
    } finally {
      lock.lock();
      try {
        isReclaiming = false;
        reclaimed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until no packet uses what is freed now, and makes that available. */
  private void reclaim() {
    List<Region> waiting = locked(this::takeFreed);
    if (waiting.isEmpty()) {
      return;
    }
    try {
      gracePeriod.run();
    } catch (RuntimeException | Error e) {
      waiting.forEach(this::free);
      throw e;
    }
    lock.lock();
    try {
      waiting.forEach(this::makeAvailable);
    } finally {
      lock.unlock();
    }
  }

  private List<Region> takeFreed() {
    List<Region> taken = freed;
    freed = new ArrayList<>();
    return taken;
  }

  private void makeAvailable(Region region) {
    int number = region.firstChunk();
    for (MemorySegment part : region.parts()) {
      chunks.get(number).give(region.offset(), (int) part.byteSize());
      number++;
    }
  }

  /** Removes unused chunks, apart from a few. The kernel waits for packets after each. */
  private void removeUnused() {
    try (Arena arena = Arena.ofConfined()) {
      for (RingChunk chunk = locked(this::takeUnused);
          chunk != null;
          chunk = locked(this::takeUnused)) {
        int number = chunk.number();
        installed.delete(arena.allocateFrom(ValueLayout.JAVA_INT, number));
        pins.unpin(PIN + number);
        chunk.close();
        locked(() -> leaving.remove(number));
      }
    }
  }

  /**
   * Takes a chunk to remove. Keeps one at least: while a chunk is being removed, its number is not
   * free, and there may be no other.
   */
  private @Nullable RingChunk takeUnused() {
    List<RingChunk> unused = chunks.values().stream().filter(RingChunk::isUnused).toList();
    int used = chunks.size() - unused.size();
    if (isClosed || unused.size() <= Math.max(1, Math.ceilDiv(used, SPARE_PART))) {
      return null;
    }
    RingChunk last = unused.getLast();
    chunks.remove(last.number());
    kernelMemory.addAndGet(-last.kernelMemory());
    leaving.add(last.number());
    return last;
  }

  /** Waits until all memory freed before {@link #reclaimLater} can be used again. */
  void awaitReclaimed() {
    lock.lock();
    try {
      while (isReclaiming) {
        reclaimed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns the memory in use by rings, in bytes, freed rings included. */
  long usedMemory() {
    return locked(() -> chunks.values().stream().mapToLong(RingChunk::usedMemory).sum());
  }

  /** Returns the kernel memory of all chunks, in bytes. */
  long kernelMemory() {
    return kernelMemory.get();
  }

  /** Unmaps the chunks. The memory must not be used any longer. */
  @Override
  public void close() {
    locked(() -> isClosed = true);
    awaitReclaimed();
    chunks.values().forEach(RingChunk::close);
    chunks.clear();
  }
}
