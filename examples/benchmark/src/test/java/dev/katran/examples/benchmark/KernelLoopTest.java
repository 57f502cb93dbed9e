package dev.katran.examples.benchmark;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.katran.Flow;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NeedsNamespaces
class KernelLoopTest {

  private static final int VIPS = 3;

  private static Scene scene(Family family) {
    return new Scene(family, Tunnel.GUE, VIPS, 2, false);
  }

  private static Program program(Programs programs, String name) {
    return programs.all().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Returns what is sent for the next packet. */
  private static byte[] next(KernelLoop loop, Program program, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(length);
      assertThat(loop.run(program, 1, out).length()).isEqualTo(length);
      return out.toArray(JAVA_BYTE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void inOrder_frames_areThoseOfFlowFrame(Family family) {
    int flows = 100;
    byte[][] frames = new byte[flows][FlowFrame.length(family)];
    for (int number = 0; number < flows; number++) {
      new FlowFrame(MemorySegment.ofArray(frames[number]), family).open(number, number % VIPS);
    }
    // each CPU counts for itself, and this thread may change to another one at any time
    int[] sent = new int[BpfMap.possibleCpus()];
    try (Programs programs = new Programs(scene(family), 1);
        KernelLoop loop = KernelLoop.inOrder(scene(family), flows)) {
      Program program = program(programs, Program.BARE_TX);
      for (int packet = 0; packet < 3 * flows * sent.length; packet++) {
        byte[] bytes = next(loop, program, FlowFrame.length(family));
        OptionalInt cpu =
            IntStream.range(0, sent.length)
                .filter(each -> Arrays.equals(bytes, frames[sent[each] % flows]))
                .findFirst();
        assertThat(cpu).as("the frame %d is the next of a CPU", packet).isPresent();
        sent[cpu.getAsInt()]++;
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void random_frames_areOfEachFlow(Family family) {
    byte[] bytes = new byte[FlowFrame.length(family)];
    FlowFrame frame = new FlowFrame(MemorySegment.ofArray(bytes), family);
    Set<Flow> flows = new HashSet<>();
    for (int number = 0; number < 20; number++) {
      frame.open(number, number % VIPS);
      flows.add(frame.flow());
    }
    Set<Flow> seen = new HashSet<>();
    try (Programs programs = new Programs(scene(family), 1);
        KernelLoop loop = KernelLoop.random(scene(family), 20, 0)) {
      for (int number = 0; number < 500; number++) {
        MemorySegment.ofArray(bytes)
            .copyFrom(
                MemorySegment.ofArray(
                    next(loop, program(programs, Program.BARE_TX), bytes.length)));
        seen.add(frame.flow());
      }
    }
    assertThat(seen).isEqualTo(flows);
  }

  @ParameterizedTest
  @EnumSource
  void random_everyProgram_encapsulatesOnce(Family family) {
    int added = (family == Family.V4 ? 20 : 40) + 8;
    try (Programs programs = new Programs(scene(family), 100);
        KernelLoop loop = KernelLoop.random(scene(family), 100, 1);
        Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(256);
      for (Program program : programs.all().subList(1, 6)) {
        assertThat(loop.run(program, 1000, out).length())
            .as(program.name())
            .isEqualTo(FlowFrame.length(family) + added);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void nanos_programDoesNotSend_throws(Family family) {
    Scene moreVips = new Scene(family, Tunnel.GUE, VIPS + 1, 2, false);
    // a loop for each call: the next call may run on another CPU, which starts with the first flow
    try (Programs programs = new Programs(scene(family), 1);
        KernelLoop served = KernelLoop.inOrder(moreVips, VIPS + 1);
        KernelLoop refused = KernelLoop.inOrder(moreVips, VIPS + 1)) {
      Program none = program(programs, "none");
      served.nanos(none, VIPS);
      assertThatIllegalStateException()
          .isThrownBy(() -> refused.nanos(none, VIPS + 1))
          .withMessage("none: expected XDP_TX, got 2");
    }
  }
}
