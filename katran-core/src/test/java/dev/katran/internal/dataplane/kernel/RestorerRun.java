package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.TestRunResult;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Runs a source restorer on a frame. */
final class RestorerRun {

  /** TC_ACT_UNSPEC of linux/pkt_cls.h: other programs go on. */
  private static final int PASS = -1;

  private RestorerRun() {}

  /** Returns the frame that leaves. Nothing that a test sends is dropped. */
  static byte[] of(KernelSourceRestorer restorer, byte[] frame) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_BYTE, frame);
      MemorySegment out = arena.allocate(frame.length);
      TestRunResult result = restorer.program().run(in, frame.length, out, null);
      assertThat(result.retval()).isEqualTo(PASS);
      assertThat(result.length()).isEqualTo(frame.length);
      return out.toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
