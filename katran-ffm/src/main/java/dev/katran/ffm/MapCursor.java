package dev.katran.ffm;

import dev.katran.ffm.internal.BpfMaps;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.function.IntSupplier;

/**
 * A cursor that reads a whole map in batches, from {@link BpfMap#entries}.
 *
 * <pre>{@code
 * try (Arena arena = Arena.ofConfined()) {
 *   MapCursor cursor = flows.entries(1024, arena);
 *   for (int n = cursor.next(); n > 0; n = cursor.next()) {
 *     for (int i = 0; i < n; i++) {
 *       ... cursor.keys(), at i * flows.keySize() ...
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Entries that exist throughout the iteration are returned exactly once; entries that are
 * inserted or deleted during it may or may not be returned. A cursor makes one pass and must not be
 * used by several threads at once. All it owns is memory of its allocator; {@link #moveTo} lets it
 * outlive that.
 *
 * @since 0.1.0
 */
public final class MapCursor {

  private final MapLayout layout;
  private final IntSupplier fd;

  /** Where the next batch starts, in the kernel's format; empty before the first one. */
  private byte[] position = {};

  private boolean last;
  private int capacity;
  private Batch batch;

  MapCursor(MapLayout layout, IntSupplier fd, int capacity, SegmentAllocator memory) {
    this.layout = layout;
    this.fd = fd;
    this.capacity = capacity;
    this.batch = new Batch(memory);
  }

  /**
   * Continues in other memory. This gives up the last batch, and the previous memory may be freed.
   */
  public void moveTo(SegmentAllocator memory) {
    batch = new Batch(memory);
  }

  /**
   * Reads the next batch, which overwrites {@link #keys()} and {@link #values()}.
   *
   * @return the number of entries; 0 at the end
   * @throws BpfException if the kernel fails the call or cannot read this map type in batches
   * @throws IllegalStateException if the map or the cursor's memory is closed
   */
  public int next() {
    int openFd = fd.getAsInt();
    while (!last) {
      int rc = batch.read(openFd);
      switch (-rc) {
        case Errno.ENOSPC -> grow(); // a bucket of the hash table does not fit into the batch
        case Errno.EINTR -> {}
        case 0, Errno.ENOENT -> {
          last = rc < 0;
          position = batch.next.toArray(ValueLayout.JAVA_BYTE);
          int entries = batch.count.get(ValueLayout.JAVA_INT, 0);
          if (entries > 0) {
            return entries;
          }
        }
        default -> throw new BpfException("read map " + layout.map(), -rc);
      }
    }
    return 0;
  }

  private void grow() {
    capacity *= 2;
    batch = new Batch(batch.memory);
  }

  /** Returns the keys of the last batch, {@link BpfMap#keySize()} bytes each. */
  public MemorySegment keys() {
    return batch.keys;
  }

  /** Returns the values of the last batch, {@link BpfMap#bufferSize()} bytes each. */
  public MemorySegment values() {
    return batch.values;
  }

  /** Returns the key of entry {@code index} of the last batch, counted from 0. */
  public MemorySegment key(int index) {
    return batch.keys.asSlice((long) index * layout.keySize(), layout.keySize());
  }

  /** Returns the value of entry {@code index} of the last batch, counted from 0. */
  public MemorySegment value(int index) {
    return batch.values.asSlice(index * layout.bufferSize(), layout.bufferSize());
  }

  /** The memory of one batch. */
  private final class Batch {

    private final SegmentAllocator memory;
    private final MemorySegment from;
    private final MemorySegment next;
    private final MemorySegment count;
    private final MemorySegment keys;
    private final MemorySegment values;

    Batch(SegmentAllocator memory) {
      this.memory = memory;
      // The kernel's position is a 4-byte bucket number for hash tables, else a key.
      long positionSize = Math.max(layout.keySize(), Integer.BYTES);
      this.from = memory.allocate(positionSize, MapLayout.ALIGNMENT);
      this.next = memory.allocate(positionSize, MapLayout.ALIGNMENT);
      this.count = memory.allocate(ValueLayout.JAVA_INT);
      this.keys = memory.allocate((long) capacity * layout.keySize(), MapLayout.ALIGNMENT);
      this.values = memory.allocate(capacity * layout.bufferSize(), MapLayout.ALIGNMENT);
    }

    /** Reads the entries at the position; returns 0 or the negative errno. */
    int read(int openFd) {
      count.set(ValueLayout.JAVA_INT, 0, capacity);
      from.copyFrom(MemorySegment.ofArray(position));
      return BpfMaps.lookupBatch(
          openFd, position.length == 0 ? MemorySegment.NULL : from, next, keys, values, count);
    }
  }
}
