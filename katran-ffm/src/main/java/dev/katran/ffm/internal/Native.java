package dev.katran.ffm.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Links C functions and captures errno at each call, before the JVM can overwrite it.
 *
 * <p>A handle from {@link #function} takes the calling thread's {@link #state()} as its first
 * argument. After a failed call, {@link #errno()} returns its error number.
 *
 * <p>Most functions of libbpf return the error number themselves. They are called by the handles
 * that jextract has generated, each of which is linked when it is used first: linking takes
 * milliseconds in a new JVM, and most programs call few functions.
 *
 * @since 0.1.0
 */
public final class Native {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  /** One capture state per thread, in memory that is freed with the thread. */
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private Native() {}

  /** Links a C function and captures errno. */
  public static MethodHandle function(MemorySegment address, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(address, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** Links a variadic C function; {@code firstVariadic} is the index of the first such argument. */
  public static MethodHandle variadicFunction(
      MemorySegment address, FunctionDescriptor descriptor, int firstVariadic) {
    return LINKER.downcallHandle(
        address,
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(firstVariadic));
  }

  /** Returns the memory into which calls of this thread store errno. */
  public static MemorySegment state() {
    return CAPTURED.get();
  }

  /** Returns errno of this thread's last call; meaningful only if that call failed. */
  public static int errno() {
    return (int) ERRNO.get(CAPTURED.get(), 0L);
  }

  /**
   * Handles the Throwable that {@code invokeExact} declares but C cannot throw. Rethrows exceptions
   * that the JVM throws before the call, for example for a closed or heap segment.
   */
  public static AssertionError unreachable(Throwable thrown) {
    if (thrown instanceof RuntimeException beforeCall) {
      throw beforeCall;
    }
    return new AssertionError("a C function cannot throw", thrown);
  }
}
