package dev.katran.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.katran.ffm.internal.Native;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file descriptors of this process. */
final class Descriptors {

  private static final int RLIMIT_NOFILE = 7;
  private static final Path OPEN = Path.of("/proc/self/fd");

  private static final MethodHandle GETRLIMIT = function("getrlimit");
  private static final MethodHandle SETRLIMIT = function("setrlimit");

  private Descriptors() {}

  /** Returns how many are open. */
  static long count() {
    try (var files = Files.list(OPEN)) {
      return files.count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Runs a task with a limited number of free descriptors. Whatever the task needs classes for must
   * have run before, because loading a class opens files.
   */
  static void withLeft(int left, Runnable task) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(JAVA_LONG, 2);
      call(GETRLIMIT, limit);
      long before = limit.get(JAVA_LONG, 0);
      limit.set(JAVA_LONG, 0, limitThatLeaves(left));
      call(SETRLIMIT, limit);
      try {
        task.run();
      } finally {
        limit.set(JAVA_LONG, 0, before);
        call(SETRLIMIT, limit);
      }
    }
  }

  /** A new descriptor gets the lowest free number, which must be below the limit. */
  private static long limitThatLeaves(int left) {
    int free = 0;
    int number = 0;
    while (true) {
      if (!Files.exists(OPEN.resolve(Integer.toString(number)), LinkOption.NOFOLLOW_LINKS)) {
        if (free == left) {
          return number;
        }
        free++;
      }
      number++;
    }
  }

  private static void call(MethodHandle handle, MemorySegment limit) {
    try {
      if ((int) handle.invokeExact(Native.state(), RLIMIT_NOFILE, limit) != 0) {
        throw new NativeException("change the limit of open files", Native.errno());
      }
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  private static MethodHandle function(String name) {
    return Native.function(
        Linker.nativeLinker().defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  }
}
