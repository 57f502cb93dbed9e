package dev.katran.ffm.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Blocks the signals of profilers in the calling thread, which must also close this object. The
 * verifier gives up with EAGAIN as soon as any signal is pending, so a profiler that samples faster
 * than a program is verified would make every load fail.
 *
 * <p>All other signals stay as they are: the JVM needs its own, also while it logs for libbpf.
 *
 * @since 0.1.0
 */
public final class ProfilingSignals implements AutoCloseable {

  // From asm-generic/signal.h and bits/sigaction.h.
  private static final int SIG_BLOCK = 0;
  private static final int SIG_SETMASK = 2;

  /** Sent to running threads by samplers of CPU time. */
  private static final int SIGPROF = 27;

  /** Sent to all threads by samplers of wall-clock time, such as that of async-profiler. */
  private static final int SIGVTALRM = 26;

  /** The size of a sigset_t in glibc and musl. */
  private static final int SIGSET_SIZE = 128;

  private static final MethodHandle SIGEMPTYSET =
      LibC.function("sigemptyset", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle SIGADDSET =
      LibC.function("sigaddset", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

  /**
   * On Linux it applies to the calling thread only, like pthread_sigmask(3), which older versions
   * of glibc keep in another library.
   */
  private static final MethodHandle SIGPROCMASK =
      LibC.function("sigprocmask", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment before = arena.allocate(SIGSET_SIZE, Long.BYTES);

  private ProfilingSignals() {}

  /** Blocks the signals until the result is closed. */
  public static ProfilingSignals block() {
    ProfilingSignals blocked = new ProfilingSignals();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment signals = arena.allocate(SIGSET_SIZE, Long.BYTES);
      int ignored = (int) SIGEMPTYSET.invokeExact(Native.state(), signals);
      ignored = (int) SIGADDSET.invokeExact(Native.state(), signals, SIGPROF);
      ignored = (int) SIGADDSET.invokeExact(Native.state(), signals, SIGVTALRM);
      ignored = (int) SIGPROCMASK.invokeExact(Native.state(), SIG_BLOCK, signals, blocked.before);
      return blocked;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Restores the signals that were blocked before. */
  @Override
  public void close() {
    try (arena) {
      int ignored =
          (int) SIGPROCMASK.invokeExact(Native.state(), SIG_SETMASK, before, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
