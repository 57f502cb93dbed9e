package dev.katran.dataplane;

import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.TestRunResult;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Runs one frame through a program in the kernel (BPF_PROG_TEST_RUN), without any interface. */
final class SimulatedFrame {

  /** What a frame can grow by: an outer IPv6 and a UDP header, and more than that. */
  private static final int ROOM = 256;

  private SimulatedFrame() {}

  static Simulation run(BpfProgram program, byte[] frame) {
    FrameLength.check(frame.length);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, frame);
      MemorySegment out = arena.allocate((long) frame.length + ROOM);
      TestRunResult result = program.run(in, frame.length, out, null);
      byte[] left = out.asSlice(0, result.length()).toArray(ValueLayout.JAVA_BYTE);
      return new Simulation(verdict(result.retval()), left);
    }
  }

  /**
   * How many nanoseconds the program took. Nothing is copied back: that would cost more than it.
   */
  static long measure(BpfProgram program, MemorySegment frame) {
    FrameLength.check(frame.byteSize());
    return program.run(frame, (int) frame.byteSize(), null, null).nanos();
  }

  /** The kernel's XDP actions as verdicts. */
  private static Verdict verdict(int action) {
    return switch (action) {
      case BpfConstants.XDP_PASS -> Verdict.PASS;
      case BpfConstants.XDP_TX, BpfConstants.XDP_REDIRECT -> Verdict.TX;
      case BpfConstants.XDP_DROP, BpfConstants.XDP_ABORTED -> Verdict.DROP;
      default -> throw new IllegalStateException("the program returned " + action);
    };
  }
}
