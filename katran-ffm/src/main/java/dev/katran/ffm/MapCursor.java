package dev.katran.ffm;

import dev.katran.ffm.internal.BpfMaps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntSupplier;

/**
 * A cursor that reads a whole map in batches, from {@link BpfMap#entries}.
 *
 * <pre>{@code
 * try (MapCursor cursor = flows.entries(1024)) {
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
 * used by several threads at once.
 *
 * @since 0.1.0
 */
public final class MapCursor implements AutoCloseable {

  private final String map;
  private final IntSupplier fd;
  private final int keySize;
  private final long valueSize;
  private final Arena lifetime = Arena.ofShared();
  private final MemorySegment count;
  private MemorySegment position;
  private MemorySegment spare;
  private boolean first = true;
  private boolean last;

  private Buffers buffers;

  MapCursor(MapLayout layout, IntSupplier fd, int capacity) {
    this.map = layout.map();
    this.fd = fd;
    this.keySize = layout.keySize();
    this.valueSize = layout.bufferSize();
    // The kernel's position is a 4-byte bucket number for hash tables and a key for other types.
    long positionSize = Math.max(keySize, Integer.BYTES);
    this.count = lifetime.allocate(ValueLayout.JAVA_INT);
    this.position = lifetime.allocate(positionSize, MapLayout.ALIGNMENT);
    this.spare = lifetime.allocate(positionSize, MapLayout.ALIGNMENT);
    this.buffers = new Buffers(capacity);
  }

  /**
   * Reads the next batch, which overwrites {@link #keys()} and {@link #values()}.
   *
   * @return the number of entries; 0 at the end
   * @throws BpfException if the kernel fails the call or cannot read this map type in batches
   * @throws IllegalStateException if the cursor or the map is closed
   */
  public int next() {
    if (!lifetime.scope().isAlive()) {
      throw new IllegalStateException("cursor of map " + map + " is closed");
    }
    int openFd = fd.getAsInt();
    while (!last) {
      count.set(ValueLayout.JAVA_INT, 0, buffers.capacity);
      MemorySegment from = first ? MemorySegment.NULL : position;
      int rc = BpfMaps.lookupBatch(openFd, from, spare, buffers.keys, buffers.values, count);
      int entries = count.get(ValueLayout.JAVA_INT, 0);
      if (rc == -Errno.ENOSPC) {
        grow(); // a bucket of the hash table does not fit into the batch
        continue;
      }
      if (rc < 0 && rc != -Errno.ENOENT && rc != -Errno.EINTR) {
        throw new BpfException("read map " + map, -rc);
      }
      if (rc == -Errno.EINTR) {
        continue;
      }
      last = rc == -Errno.ENOENT;
      first = false;
      MemorySegment before = position;
      position = spare;
      spare = before;
      if (entries > 0) {
        return entries;
      }
    }
    return 0;
  }

  /** Returns the keys of the last batch, {@link BpfMap#keySize()} bytes each. */
  public MemorySegment keys() {
    return buffers.keys;
  }

  /** Returns the values of the last batch, {@link BpfMap#bufferSize()} bytes each. */
  public MemorySegment values() {
    return buffers.values;
  }

  /** Returns the key of entry {@code index} of the last batch, counted from 0. */
  public MemorySegment key(int index) {
    return buffers.keys.asSlice((long) index * keySize, keySize);
  }

  /** Returns the value of entry {@code index} of the last batch, counted from 0. */
  public MemorySegment value(int index) {
    return buffers.values.asSlice(index * valueSize, valueSize);
  }

  @Override
  public void close() {
    if (lifetime.scope().isAlive()) {
      lifetime.close();
      buffers.lifetime.close();
    }
  }

  private void grow() {
    Buffers before = buffers;
    buffers = new Buffers(2 * before.capacity);
    before.lifetime.close();
  }

  /** The memory of one batch. */
  private final class Buffers {

    private final Arena lifetime = Arena.ofShared();
    private final int capacity;
    private final MemorySegment keys;
    private final MemorySegment values;

    private Buffers(int capacity) {
      this.capacity = capacity;
      this.keys = lifetime.allocate((long) capacity * keySize, MapLayout.ALIGNMENT);
      this.values = lifetime.allocate(capacity * valueSize, MapLayout.ALIGNMENT);
    }
  }
}
