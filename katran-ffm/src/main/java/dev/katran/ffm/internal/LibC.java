package dev.katran.ffm.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls the few libc functions that BPF needs: files and their locks, memory mappings, limits and
 * vsnprintf.
 *
 * @since 0.1.0
 */
public final class LibC {

  // The constants of mmap(2), from asm-generic/mman-common.h and asm-generic/mman.h.
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final long MAP_FAILED = -1;

  // The flags of open(2), from asm-generic/fcntl.h.
  private static final int O_RDONLY = 0;
  private static final int O_CLOEXEC = 0x80000;

  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle OPEN =
      Native.variadicFunction(
          address("open"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), 2);
  private static final MethodHandle READ =
      function("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle FLOCK =
      function("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle FSTATFS =
      function("fstatfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle GETEUID = function("geteuid", FunctionDescriptor.of(JAVA_INT));
  private static final MethodHandle GETRLIMIT =
      function("getrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle GETPAGESIZE =
      function("getpagesize", FunctionDescriptor.of(JAVA_INT));
  private static final MethodHandle VSNPRINTF =
      function("vsnprintf", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));

  private LibC() {}

  /** Maps {@code fd} for reading and writing; returns NULL on failure, see Native.errno(). */
  public static MemorySegment map(int fd, long size) {
    return mmap(MAP_SHARED, fd, size);
  }

  /** Reserves memory that is allocated when written; NULL on failure, see Native.errno(). */
  public static MemorySegment reserve(long size) {
    return mmap(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, size);
  }

  private static MemorySegment mmap(int flags, int fd, long size) {
    try {
      MemorySegment memory =
          (MemorySegment)
              MMAP.invokeExact(
                  Native.state(), MemorySegment.NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0L);
      return memory.address() == MAP_FAILED ? MemorySegment.NULL : memory.reinterpret(size);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Removes a mapping. */
  public static void unmap(MemorySegment mapping) {
    try {
      int ignored = (int) MUNMAP.invokeExact(Native.state(), mapping, mapping.byteSize());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Closes a file descriptor, ignoring errors: the descriptor is released in any case. */
  public static void close(int fd) {
    try {
      int ignored = (int) CLOSE.invokeExact(Native.state(), fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens a file for reading; returns its descriptor, or -1, see Native.errno(). */
  public static int open(String path) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) OPEN.invokeExact(Native.state(), arena.allocateFrom(path), O_RDONLY | O_CLOEXEC);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Reads from a file into {@code buffer}; returns the bytes, or -1, see Native.errno(). */
  public static long read(int fd, MemorySegment buffer) {
    try {
      return (long) READ.invokeExact(Native.state(), fd, buffer, buffer.byteSize());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Locks or unlocks an open file, see flock(2); returns 0, or -1, see Native.errno(). */
  public static int flock(int fd, int operation) {
    try {
      return (int) FLOCK.invokeExact(Native.state(), fd, operation);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Fills a {@code struct statfs} for an open file; returns 0, or -1, see Native.errno(). */
  public static int fileSystem(int fd, MemorySegment statfs) {
    try {
      return (int) FSTATFS.invokeExact(Native.state(), fd, statfs);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the effective user id of this process. */
  public static int effectiveUser() {
    try {
      return (int) GETEUID.invokeExact(Native.state());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the soft limit of a resource, -1 for none, see getrlimit(2). */
  public static long limit(int resource) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment());
      int ignored = (int) GETRLIMIT.invokeExact(Native.state(), resource, limit);
      return limit.get(JAVA_LONG, 0);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the page size in bytes. */
  public static int pageSize() {
    try {
      return (int) GETPAGESIZE.invokeExact(Native.state());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Formats into {@code buffer} with vsnprintf(3), always terminated, and returns the length of the
   * complete text.
   *
   * @param arguments a C {@code va_list}, which the supported ABIs pass as a pointer
   */
  public static int format(MemorySegment buffer, MemorySegment format, MemorySegment arguments) {
    try {
      return (int)
          VSNPRINTF.invokeExact(Native.state(), buffer, buffer.byteSize(), format, arguments);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Links a function of libc. */
  static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return Native.function(address(name), descriptor);
  }

  private static MemorySegment address(String name) {
    return Linker.nativeLinker().defaultLookup().find(name).orElseThrow();
  }
}
