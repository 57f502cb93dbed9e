package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_map_create_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Calls the map commands of bpf(2) through libbpf. Each method returns the result of the C
 * function: 0 or more, or the negative errno.
 *
 * @since 0.1.0
 */
public final class BpfMaps {

  private BpfMaps() {}

  /**
   * Creates a map and returns its file descriptor.
   *
   * @param inner the file descriptor of the template of a map of maps; 0 for other maps
   * @param numaNode used only if the flags include BPF_F_NUMA_NODE
   */
  public static int create(
      int type,
      String name,
      int keySize,
      int valueSize,
      int maxEntries,
      int flags,
      int inner,
      int numaNode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = arena.allocate(bpf_map_create_opts.layout());
      bpf_map_create_opts.sz(opts, opts.byteSize());
      bpf_map_create_opts.map_flags(opts, flags);
      bpf_map_create_opts.inner_map_fd(opts, inner);
      bpf_map_create_opts.numa_node(opts, numaNode);
      MemorySegment cName = arena.allocateFrom(name);
      return (int)
          Libbpf.bpf_map_create$handle()
              .invokeExact(type, cName, keySize, valueSize, maxEntries, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Copies the value of a key into {@code value}. */
  public static int lookup(int fd, MemorySegment key, MemorySegment value) {
    try {
      return (int) Libbpf.bpf_map_lookup_elem$handle().invokeExact(fd, key, value);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Writes the value of a key. */
  public static int update(int fd, MemorySegment key, MemorySegment value, long flags) {
    try {
      return (int) Libbpf.bpf_map_update_elem$handle().invokeExact(fd, key, value, flags);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Deletes a key. */
  public static int delete(int fd, MemorySegment key) {
    try {
      return (int) Libbpf.bpf_map_delete_elem$handle().invokeExact(fd, key);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Finds the key that follows {@code key}, or the first one for NULL. */
  public static int nextKey(int fd, MemorySegment key, MemorySegment next) {
    try {
      return (int) Libbpf.bpf_map_get_next_key$handle().invokeExact(fd, key, next);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Reads a batch of entries.
   *
   * @param position NULL for the first batch, then the {@code next} of the previous call
   * @param next receives the position of the next batch
   * @param count an {@code int}: the capacity before the call, the number of entries after it
   */
  public static int lookupBatch(
      int fd,
      MemorySegment position,
      MemorySegment next,
      MemorySegment keys,
      MemorySegment values,
      MemorySegment count) {
    try {
      return (int)
          Libbpf.bpf_map_lookup_batch$handle()
              .invokeExact(fd, position, next, keys, values, count, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Writes {@code count} entries; after the call, {@code count} is the number written. */
  public static int updateBatch(
      int fd, MemorySegment keys, MemorySegment values, MemorySegment count) {
    try {
      return (int)
          Libbpf.bpf_map_update_batch$handle()
              .invokeExact(fd, keys, values, count, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Deletes {@code count} keys; after the call, {@code count} is the number deleted. */
  public static int deleteBatch(int fd, MemorySegment keys, MemorySegment count) {
    try {
      return (int)
          Libbpf.bpf_map_delete_batch$handle().invokeExact(fd, keys, count, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes the map read-only for user space, permanently. */
  public static int freeze(int fd) {
    try {
      return (int) Libbpf.bpf_map_freeze$handle().invokeExact(fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
