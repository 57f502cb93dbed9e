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
 * How this module calls C: every handle captures errno at the call, before the JVM can change it.
 *
 * <p>A handle made by {@link #function} takes the calling thread's {@link #state()} as its first
 * argument; after the call, {@link #errno()} is what the call left behind.
 */
public final class Native {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));

  /** Memory that lives as long as its thread refers to it. */
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private Native() {}

  /** A handle on a C function that captures errno. */
  public static MethodHandle function(MemorySegment address, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(address, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** The same for a variadic function, whose arguments from {@code firstVariadic} on vary. */
  public static MethodHandle variadicFunction(
      MemorySegment address, FunctionDescriptor descriptor, int firstVariadic) {
    return LINKER.downcallHandle(
        address,
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(firstVariadic));
  }

  /** Where calls of this thread leave errno. */
  public static MemorySegment state() {
    return CAPTURED.get();
  }

  /** What the last call of this thread left in errno; meaningful only if that call failed. */
  public static int errno() {
    return (int) ERRNO.get(CAPTURED.get(), 0L);
  }

  /**
   * For the catch block around {@code invokeExact}, which declares more than C can throw. What the
   * JVM throws instead of calling, as for a segment that is closed or on the heap, is passed on.
   */
  public static AssertionError unreachable(Throwable thrown) {
    if (thrown instanceof RuntimeException refused) {
      throw refused;
    }
    return new AssertionError("a C function cannot throw", thrown);
  }
}
