package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_map_create_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The commands of bpf(2) on maps, through libbpf. Each returns what C returns: 0 or more, or the
 * negative errno.
 */
public final class BpfMaps {

  private static final MethodHandle BPF_MAP_CREATE =
      Native.function(Libbpf.bpf_map_create$address(), Libbpf.bpf_map_create$descriptor());
  private static final MethodHandle BPF_MAP_LOOKUP_ELEM =
      Native.function(
          Libbpf.bpf_map_lookup_elem$address(), Libbpf.bpf_map_lookup_elem$descriptor());
  private static final MethodHandle BPF_MAP_UPDATE_ELEM =
      Native.function(
          Libbpf.bpf_map_update_elem$address(), Libbpf.bpf_map_update_elem$descriptor());
  private static final MethodHandle BPF_MAP_DELETE_ELEM =
      Native.function(
          Libbpf.bpf_map_delete_elem$address(), Libbpf.bpf_map_delete_elem$descriptor());
  private static final MethodHandle BPF_MAP_GET_NEXT_KEY =
      Native.function(
          Libbpf.bpf_map_get_next_key$address(), Libbpf.bpf_map_get_next_key$descriptor());
  private static final MethodHandle BPF_MAP_LOOKUP_BATCH =
      Native.function(
          Libbpf.bpf_map_lookup_batch$address(), Libbpf.bpf_map_lookup_batch$descriptor());
  private static final MethodHandle BPF_MAP_UPDATE_BATCH =
      Native.function(
          Libbpf.bpf_map_update_batch$address(), Libbpf.bpf_map_update_batch$descriptor());
  private static final MethodHandle BPF_MAP_DELETE_BATCH =
      Native.function(
          Libbpf.bpf_map_delete_batch$address(), Libbpf.bpf_map_delete_batch$descriptor());
  private static final MethodHandle BPF_MAP_FREEZE =
      Native.function(Libbpf.bpf_map_freeze$address(), Libbpf.bpf_map_freeze$descriptor());

  private BpfMaps() {}

  /**
   * Creates a map; returns its file descriptor. {@code inner} is that of the template of a map of
   * maps, 0 for other maps; {@code numaNode} counts if the flags say so.
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
          BPF_MAP_CREATE.invokeExact(
              Native.state(), type, cName, keySize, valueSize, maxEntries, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Reads the value of a key. */
  public static int lookup(int fd, MemorySegment key, MemorySegment value) {
    try {
      return (int) BPF_MAP_LOOKUP_ELEM.invokeExact(Native.state(), fd, key, value);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Writes the value of a key. */
  public static int update(int fd, MemorySegment key, MemorySegment value, long flags) {
    try {
      return (int) BPF_MAP_UPDATE_ELEM.invokeExact(Native.state(), fd, key, value, flags);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Deletes a key. */
  public static int delete(int fd, MemorySegment key) {
    try {
      return (int) BPF_MAP_DELETE_ELEM.invokeExact(Native.state(), fd, key);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** The key after {@code key}; the first one after NULL. */
  public static int nextKey(int fd, MemorySegment key, MemorySegment next) {
    try {
      return (int) BPF_MAP_GET_NEXT_KEY.invokeExact(Native.state(), fd, key, next);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Reads as many entries as {@code count} says, an {@code int}, and leaves there how many came.
   * {@code position} is NULL for the first batch, and what {@code next} was after the one before.
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
          BPF_MAP_LOOKUP_BATCH.invokeExact(
              Native.state(), fd, position, next, keys, values, count, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Writes entries; {@code count} says how many, and afterwards how many were written. */
  public static int updateBatch(
      int fd, MemorySegment keys, MemorySegment values, MemorySegment count) {
    try {
      return (int)
          BPF_MAP_UPDATE_BATCH.invokeExact(
              Native.state(), fd, keys, values, count, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Deletes keys; {@code count} says how many, and afterwards how many were deleted. */
  public static int deleteBatch(int fd, MemorySegment keys, MemorySegment count) {
    try {
      return (int)
          BPF_MAP_DELETE_BATCH.invokeExact(Native.state(), fd, keys, count, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes the map read-only for user space, for good. */
  public static int freeze(int fd) {
    try {
      return (int) BPF_MAP_FREEZE.invokeExact(Native.state(), fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
