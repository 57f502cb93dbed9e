package dev.katran.internal.dataplane.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Installs the seccomp filter of a container engine, for the calling thread only. */
public final class Seccomp {

  private static final int PR_SET_SECCOMP = 22;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final long SECCOMP_MODE_FILTER = 2;
  private static final int SECCOMP_RET_ALLOW = 0x7fff0000;
  private static final int SECCOMP_RET_ERRNO = 0x00050000;
  private static final int EPERM = 1;

  /** Classic BPF opcodes: load a word, compare it with a constant, return a constant. */
  private static final short LOAD = 0x20;

  private static final short JUMP_IF_EQUAL = 0x15;
  private static final short RETURN = 0x06;
  private static final int INSTRUCTION = 8;

  private Seccomp() {}

  /** Makes bpf(2) fail with EPERM in the calling thread. */
  public static void forbidBpf() {
    int bpf = System.getProperty("os.arch").equals("amd64") ? 321 : 280;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment filter = arena.allocate(4L * INSTRUCTION, Integer.BYTES);
      write(filter, 0, LOAD, 0, 0, 0); // system call number
      write(filter, 1, JUMP_IF_EQUAL, 0, 1, bpf);
      write(filter, 2, RETURN, 0, 0, SECCOMP_RET_ERRNO | EPERM);
      write(filter, 3, RETURN, 0, 0, SECCOMP_RET_ALLOW);
      MemorySegment program = arena.allocate(2L * Long.BYTES, Long.BYTES);
      program.set(JAVA_SHORT, 0, (short) 4);
      program.set(ADDRESS, Long.BYTES, filter);
      prctl(PR_SET_NO_NEW_PRIVS, 1, MemorySegment.NULL);
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
    }
  }

  private static void write(
      MemorySegment filter, int index, short code, int ifTrue, int ifFalse, int constant) {
    MemorySegment instruction = filter.asSlice((long) index * INSTRUCTION, INSTRUCTION);
    instruction.set(JAVA_SHORT, 0, code);
    instruction.set(JAVA_BYTE, 2, (byte) ifTrue);
    instruction.set(JAVA_BYTE, 3, (byte) ifFalse);
    instruction.set(JAVA_INT, 4, constant);
  }

  @SuppressWarnings("restricted")
  private static void prctl(int option, long second, MemorySegment third) {
    MethodHandle prctl =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().find("prctl").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1));
    try {
      int rc = (int) prctl.invokeExact(option, second, third, 0L, 0L);
      if (rc != 0) {
        throw new IllegalStateException("prctl(%d) failed".formatted(option));
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("prctl does not throw", t);
    }
  }
}
