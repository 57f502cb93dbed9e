package dev.katran.ffm;

import dev.katran.ffm.internal.BpfMaps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A walk through a whole map, some entries at a time; made by {@link BpfMap#entries}.
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
 * <p>Entries that are there all the time come exactly once; others may. A cursor is for one thread
 * at a time, and starts at the beginning; it ends when it is closed.
 */
public final class MapCursor implements AutoCloseable {

  private static final int ALIGNMENT = 8;

  private final BpfMap map;
  private final int keySize;
  private final long valueSize;
  private final Arena lifetime = Arena.ofShared();
  private final MemorySegment count;
  private MemorySegment position;
  private MemorySegment spare;
  private boolean first = true;
  private boolean last;

  private Buffers buffers;

  MapCursor(BpfMap map, int capacity) {
    this.map = map;
    this.keySize = map.keySize();
    this.valueSize = map.bufferSize();
    // Of hash tables the position is a bucket, 4 bytes; of others, a key.
    long positionSize = Math.max(keySize, Integer.BYTES);
    this.count = lifetime.allocate(ValueLayout.JAVA_INT);
    this.position = lifetime.allocate(positionSize, ALIGNMENT);
    this.spare = lifetime.allocate(positionSize, ALIGNMENT);
    this.buffers = new Buffers(capacity);
  }

  /**
   * Reads on; what {@link #keys()} and {@link #values()} had before is overwritten.
   *
   * @return how many entries came; 0 at the end
   * @throws BpfException if the kernel refuses, or cannot read this type of map in batches
   * @throws IllegalStateException if the cursor or the map is closed
   */
  public int next() {
    if (!lifetime.scope().isAlive()) {
      throw new IllegalStateException("cursor of map " + map.name() + " is closed");
    }
    int fd = map.fd();
    while (!last) {
      count.set(ValueLayout.JAVA_INT, 0, buffers.capacity);
      MemorySegment from = first ? MemorySegment.NULL : position;
      int rc = BpfMaps.lookupBatch(fd, from, spare, buffers.keys, buffers.values, count);
      int entries = count.get(ValueLayout.JAVA_INT, 0);
      if (rc == -Errno.ENOSPC) {
        grow(); // a bucket of the hash table has more entries than that
        continue;
      }
      if (rc < 0 && rc != -Errno.ENOENT && rc != -Errno.EINTR) {
        throw new BpfException("read map " + map.name(), -rc);
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

  /** The keys of the last batch, {@link BpfMap#keySize()} bytes each. */
  public MemorySegment keys() {
    return buffers.keys;
  }

  /** The values of the last batch, {@link BpfMap#bufferSize()} bytes each. */
  public MemorySegment values() {
    return buffers.values;
  }

  /** The key of entry {@code index} of the last batch, from 0 on. */
  public MemorySegment key(int index) {
    return buffers.keys.asSlice((long) index * keySize, keySize);
  }

  /** The value of entry {@code index} of the last batch, from 0 on. */
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

  /** Room for a batch. */
  private final class Buffers {

    private final Arena lifetime = Arena.ofShared();
    private final int capacity;
    private final MemorySegment keys;
    private final MemorySegment values;

    private Buffers(int capacity) {
      this.capacity = capacity;
      this.keys = lifetime.allocate((long) capacity * keySize, ALIGNMENT);
      this.values = lifetime.allocate(capacity * valueSize, ALIGNMENT);
    }
  }
}
