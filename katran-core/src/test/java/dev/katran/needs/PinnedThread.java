package dev.katran.needs;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** Runs a task on one CPU, for tests of state that the kernel keeps per CPU. */
public final class PinnedThread {

  private static final int CPU_SET = 128;

  /** The CPU numbers to try. The first CPU that the process may use can have any of them. */
  private static final int CPUS = 8 * CPU_SET;

  private PinnedThread() {}

  /** Runs a task on one CPU and rethrows its exceptions. */
  public static void run(Runnable task) {
    Executor thread = command -> Thread.ofPlatform().name("pinned").start(command);
    try {
      CompletableFuture.runAsync(
              () -> {
                pin();
                task.run();
              },
              thread)
          .join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case Error error -> throw error;
        case RuntimeException exception -> throw exception;
        case null, default -> throw e;
      }
    }
  }

  /** Pins the calling thread to the first CPU that the process may use. */
  private static void pin() {
    for (int cpu = 0; cpu < CPUS; cpu++) {
      if (pin(cpu)) {
        return;
      }
    }
    throw new IllegalStateException("cannot pin the thread to any of %d CPUs".formatted(CPUS));
  }

  @SuppressWarnings("restricted")
  private static boolean pin(int cpu) {
    Linker linker = Linker.nativeLinker();
    MethodHandle setAffinity =
        linker.downcallHandle(
            linker.defaultLookup().find("sched_setaffinity").orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cpus = arena.allocate(CPU_SET, Long.BYTES);
      cpus.setAtIndex(JAVA_LONG, cpu / Long.SIZE, 1L << cpu % Long.SIZE);
      return (int) setAffinity.invokeExact(0, (long) CPU_SET, cpus) == 0;
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("sched_setaffinity does not throw", t);
    }
  }
}
