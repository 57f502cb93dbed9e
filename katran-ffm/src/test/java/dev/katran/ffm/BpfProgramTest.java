package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_F_TEST_XDP_LIVE_FRAMES;
import static dev.katran.ffm.BpfConstants.BPF_LOG_LEVEL2;
import static dev.katran.ffm.BpfConstants.BPF_LOG_STATS;
import static dev.katran.ffm.BpfConstants.XDP_DROP;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@KernelTest
class BpfProgramTest {

  private final Arena arena = Arena.ofConfined();
  private final BpfObject lab = Lab.open();
  private final MemorySegment frame = arena.allocate(100);

  @BeforeEach
  void load() {
    lab.program("verdict").logLevel(BPF_LOG_STATS);
    lab.program("queue").logLevel(BPF_LOG_LEVEL2);
    lab.constants(".rodata.config").set(JAVA_INT, 0, XDP_DROP);
    lab.load();
    for (int i = 0; i < frame.byteSize(); i++) {
      frame.set(JAVA_BYTE, i, (byte) i);
    }
  }

  @AfterEach
  void close() {
    lab.close();
    arena.close();
  }

  @Test
  void run_withOutput_returnsTheFrame() {
    MemorySegment out = arena.allocate(200);
    TestRunResult result = lab.program("queue").run(frame, 80, out, null);

    assertThat(result.length()).isEqualTo(79);
    assertThat(result.nanos()).isNotNegative();
    assertThat(out.asSlice(0, 79).mismatch(frame.asSlice(0, 79))).isEqualTo(-1);
    assertThat(out.get(JAVA_BYTE, 79)).isZero();
  }

  @Test
  void run_withoutOutput_returnsTheVerdict() {
    TestRunResult result = lab.program("verdict").run(frame, 80, null, null);

    assertThat(result.retval()).isEqualTo(XDP_DROP);
    assertThat(result.length()).isEqualTo(80);
  }

  @Test
  @SinceLinux(version = "5.15", feature = "the XDP context of test runs")
  void run_withContext_setsTheIngressInterface() {
    BpfProgram ingress = lab.program("ingress");
    MemorySegment context = BpfProgram.context(arena, 80, Isolated.LOOPBACK, 0);

    assertThat(ingress.run(frame, 80, null, context).retval()).isEqualTo(1);
  }

  @Test
  void run_unknownInterface_throws() {
    MemorySegment context = BpfProgram.context(arena, 80, 999_999, 0);

    assertThatThrownBy(() -> lab.program("ingress").run(frame, 80, null, context))
        .asInstanceOf(type(BpfException.class))
        .extracting(BpfException::operation)
        .isEqualTo("run program ingress");
  }

  @Test
  @SinceLinux(version = "5.18", feature = "the length check of test runs")
  void run_frameTooShort_throwsEinval() {
    assertThatThrownBy(() -> lab.program("verdict").run(frame, 13, null, null))
        .hasMessage("run program verdict: EINVAL (Invalid argument)");
  }

  @Test
  void run_outputTooSmall_throwsEnospc() {
    MemorySegment out = arena.allocate(10);

    assertThatThrownBy(() -> lab.program("verdict").run(frame, 80, out, null))
        .hasMessage("run program verdict: ENOSPC (No space left on device)");
  }

  @Test
  void run_illegalFrame_throws() {
    BpfProgram verdict = lab.program("verdict");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> verdict.run(frame, 101, null, null))
        .withMessage("frame length 101, must be 0 to 100, the segment's size");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> verdict.run(MemorySegment.ofArray(new byte[80]), 80, null, null))
        .withMessageStartingWith("needs a native segment, got ");
  }

  @Test
  void run_repeated_runsThatOften() {
    MemorySegment runs = lab.map(".bss").mmap();

    lab.program("verdict").run(frame, 80, null, null, TestRunOptions.DEFAULT.repeat(1000));

    assertThat(runs.get(JAVA_LONG, 0)).isEqualTo(1000);
  }

  @Test
  @SinceLinux(version = "5.18", feature = "live frames in test runs")
  void run_liveFrames_runsEachFrame() {
    MemorySegment runs = lab.map(".bss").mmap();
    TestRunOptions live =
        TestRunOptions.DEFAULT.flags(BPF_F_TEST_XDP_LIVE_FRAMES).repeat(100).batchSize(10);

    lab.program("verdict").run(frame, 80, null, null, live);

    assertThat(runs.get(JAVA_LONG, 0)).isEqualTo(100);
  }

  @Test
  void run_segmentOfAClosedArena_throws() {
    MemorySegment closed;
    try (Arena arena = Arena.ofShared()) {
      closed = arena.allocate(80);
    }
    BpfProgram verdict = lab.program("verdict");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> verdict.run(closed, 80, null, null))
        .withMessageContaining("is closed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> verdict.run(frame, 80, closed, null))
        .withMessageContaining("is closed");
  }

  @Test
  void info_loadedProgram_isComplete() {
    BpfProgram verdict = lab.program("verdict");
    ProgramInfo info = verdict.info();

    assertThat(info.id()).isPositive();
    assertThat(info.name()).isEqualTo("verdict");
    assertThat(info.tag()).matches("[0-9a-f]{16}");
    assertThat(info.instructions()).isPositive();
    assertThat(info.jitedBytes()).isNotNegative();
    assertThat(verdict.kernelMemory()).isPositive();
    assertThat(ProgramInfo.of(verdict.fd())).isEqualTo(info);
  }

  @Test
  @SinceLinux(version = "5.16", feature = "the count of verified instructions")
  void info_verifiedInstructions_matchTheStatistics() {
    assertThat(lab.program("verdict").info().verifiedInstructions())
        .isPositive()
        .isEqualTo(lab.program("verdict").verifierStatistics().orElseThrow().instructions());
  }

  @Test
  void verifierStatistics_logStats_arePresent() {
    assertThat(lab.program("verdict").verifierStatistics())
        .hasValueSatisfying(statistics -> {
          assertThat(statistics.time()).isPositive();
          assertThat(statistics.instructions()).isPositive();
        });
    assertThat(lab.program("ingress").verifierStatistics()).isEmpty();
    assertThat(lab.program("ingress").verifierLog()).isEmpty();
  }

  @Test
  void verifierLog_logLevel2_listsInstructions() {
    assertThat(lab.program("queue").verifierLog()).contains("bpf_xdp_adjust_tail", "exit");
  }
}
