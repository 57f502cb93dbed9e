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

/** Runs something on one CPU, for what the kernel has an account of for each. */
public final class PinnedThread {

  private static final int CPU_SET = 128;

  /** Those of the machine may be more than the process may use. */
  private static final int CPUS = 8 * CPU_SET;

  private PinnedThread() {}

  /** Runs it on one CPU, and throws what it throws. */
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

  /** To the first CPU that the process may use. */
  private static void pin() {
    for (int cpu = 0; cpu < CPUS; cpu++) {
      if (pin(cpu)) {
        return;
      }
    }
    throw new IllegalStateException("the thread may not be pinned to any CPU");
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
      throw new AssertionError("C throws nothing", t);
    }
  }
}
