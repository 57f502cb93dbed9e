package dev.katran.needs;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Signals that keep arriving until this object is closed, as under a profiler. Their handler does
 * nothing: the default action would end the process, and ignored signals are not delivered at all.
 */
public final class Signals implements AutoCloseable {

  /** The signal of profilers. */
  public static final int SIGPROF = 27;

  /** A signal that neither the JVM nor this project uses. */
  public static final int SIGURG = 23;

  private static final MethodHandle SIGNAL =
      function("signal", FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));
  private static final MethodHandle PTHREAD_SELF =
      function("pthread_self", FunctionDescriptor.of(JAVA_LONG));
  private static final MethodHandle PTHREAD_KILL =
      function("pthread_kill", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT));

  private final int number;
  private final MemorySegment handlerBefore;
  private final Thread sender;

  private Signals(int number, MemorySegment handlerBefore, Thread sender) {
    this.number = number;
    this.handlerBefore = handlerBefore;
    this.sender = sender;
  }

  /**
   * Sends a signal to the calling thread in intervals, until {@code duration} has passed at the
   * latest. The timers of setitimer(2) are no substitute: kernels that process CPU timers when a
   * system call returns never interrupt one.
   */
  public static Signals toThisThread(int number, Duration interval, Duration duration) {
    MemorySegment before = handle(number, withoutEffect());
    long target = self();
    long end = System.nanoTime() + duration.toNanos();
    Thread sender =
        Thread.ofPlatform()
            .name("signals")
            .start(() -> {
              while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
                kill(target, number);
                LockSupport.parkNanos(interval.toNanos());
              }
            });
    return new Signals(number, before, sender);
  }

  @Override
  public void close() {
    sender.interrupt();
    join(sender);
    handle(number, handlerBefore);
  }

  /** Returns {@code abs}, which like a handler takes an {@code int}. */
  private static MemorySegment withoutEffect() {
    return Linker.nativeLinker().defaultLookup().find("abs").orElseThrow();
  }

  private static MemorySegment handle(int number, MemorySegment handler) {
    try {
      return (MemorySegment) SIGNAL.invokeExact(number, handler);
    } catch (Throwable t) {
      throw new AssertionError("signal does not throw", t);
    }
  }

  private static long self() {
    try {
      return (long) PTHREAD_SELF.invokeExact();
    } catch (Throwable t) {
      throw new AssertionError("pthread_self does not throw", t);
    }
  }

  private static void kill(long thread, int number) {
    try {
      if ((int) PTHREAD_KILL.invokeExact(thread, number) != 0) {
        throw new IllegalStateException("pthread_kill failed");
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("pthread_kill does not throw", t);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
  }
}
