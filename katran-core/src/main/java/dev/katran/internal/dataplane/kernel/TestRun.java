package dev.katran.internal.dataplane.kernel;

import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.TestRunResult;
import dev.katran.internal.dataplane.FrameLength;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Runs single frames through a program with {@code BPF_PROG_TEST_RUN}, without an interface. */
final class TestRun {

  /** The bytes that a frame may grow by. An outer IPv6 and a UDP header need 48. */
  private static final int MAX_GROWTH = 256;

  private TestRun() {}

  /** Runs a frame and returns its verdict and the resulting frame. */
  static Simulation run(BpfProgram program, byte[] frame) {
    FrameLength.check(frame.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, frame);
      MemorySegment out = arena.allocate((long) frame.length + MAX_GROWTH);
      TestRunResult result = program.run(in, frame.length, out, null);
      byte[] left = out.asSlice(0, result.length()).toArray(ValueLayout.JAVA_BYTE);
      return new Simulation(verdict(result.retval()), left);
    }
  }

  /**
   * Returns the duration of the program in nanoseconds. Does not copy the resulting frame back,
   * which would take longer than the program.
   */
  static long measure(BpfProgram program, MemorySegment frame) {
    FrameLength.check(frame.byteSize());
    try (Arena arena = Arena.ofConfined()) {
      // A copy stays valid whatever another thread does to the frame's arena.
      MemorySegment copy = arena.allocate(frame.byteSize()).copyFrom(frame);
      return program.run(copy, (int) copy.byteSize(), null, null).nanos();
    }
  }

  /** Converts an XDP action. */
  private static Verdict verdict(int action) {
    return switch (action) {
      case BpfConstants.XDP_PASS -> Verdict.PASS;
      case BpfConstants.XDP_TX, BpfConstants.XDP_REDIRECT -> Verdict.TX;
      case BpfConstants.XDP_DROP, BpfConstants.XDP_ABORTED -> Verdict.DROP;
      default -> throw new IllegalStateException("unknown XDP action " + action);
    };
  }
}
