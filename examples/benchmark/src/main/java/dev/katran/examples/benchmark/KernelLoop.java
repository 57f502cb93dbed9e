package dev.katran.examples.benchmark;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.TestRunOptions;
import dev.katran.ffm.TestRunResult;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs on packet after packet, each of another flow, in a single system call: {@code
 * loop.bpf.c}. Its own time varies by some nanoseconds with the place that it is loaded to, so
 * programs are compared in the same loop, and in several.
 */
final class KernelLoop implements AutoCloseable {

  /** The space for headers in the program's constants, and the size of its words. */
  private static final int HEADERS = 80;

  private static final int WORD = Long.BYTES;

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment frame;
  private final BareProgram loop;

  private KernelLoop(Scene scene, int flows, long increment) {
    this.frame = arena.allocate(FlowFrame.length(scene.family()));
    FlowFrame first = new FlowFrame(frame, scene.family());
    first.open(0, 0);
    this.loop =
        BareProgram.load(
            "loop",
            object ->
                configure(
                    object.constants(".rodata.config"), first, flows, scene.vips(), increment));
  }

  /** Returns a loop over flows one after another, from the first on. */
  static KernelLoop inOrder(Scene scene, int flows) {
    return new KernelLoop(scene, flows, 0);
  }

  /**
   * Returns a loop over flows at random.
   *
   * @param seed another number gives other random numbers; 0 or more
   */
  static KernelLoop random(Scene scene, int flows, int seed) {
    return new KernelLoop(scene, flows, 2L * seed + 1);
  }

  private void configure(
      MemorySegment constants, FlowFrame first, int flows, int vips, long increment) {
    int words = Math.ceilDiv(first.headers(), WORD);
    MemorySegment.copy(frame, 0, constants, 0, (long) words * WORD);
    constants.asSlice(first.client(), Integer.BYTES).fill((byte) 0);
    constants.asSlice(first.vip(), Short.BYTES).fill((byte) 0);
    constants.asSlice(first.port(), Short.BYTES).fill((byte) 0);
    int[] numbers = {
      words, (int) frame.byteSize(), flows, vips, first.client(), first.vip(), first.port()
    };
    constants.set(JAVA_LONG, HEADERS, increment);
    MemorySegment.copy(numbers, 0, constants, JAVA_INT, HEADERS + WORD, numbers.length);
  }

  /**
   * Runs a program on the next packets and returns the mean time in nanoseconds, the loop included.
   *
   * @throws IllegalStateException if it did not send the last packet
   */
  int nanos(Program program, int packets) {
    return run(program, packets, null).nanos();
  }

  /** Runs a program on the next packets; {@code out} receives what it sends for the last. */
  TestRunResult run(Program program, int packets, @Nullable MemorySegment out) {
    try (Arena call = Arena.ofConfined()) {
      loop.map("program")
          .update(
              call.allocateFrom(JAVA_INT, 0),
              call.allocateFrom(JAVA_INT, program.descriptor().getAsInt()));
    }
    TestRunResult result =
        loop.program("loop")
            .run(frame, (int) frame.byteSize(), out, null, TestRunOptions.DEFAULT.repeat(packets));
    if (result.retval() != BpfConstants.XDP_TX) {
      throw new IllegalStateException(
          "%s: expected XDP_TX, got %d".formatted(program.name(), result.retval()));
    }
    return result;
  }

  @Override
  public void close() {
    loop.close();
  }
}
