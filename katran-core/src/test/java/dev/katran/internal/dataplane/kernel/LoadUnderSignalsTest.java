package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.Limits;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.failure.Failure;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * Programs load while signals arrive: the verifier gives up with EAGAIN as soon as one is pending
 * for its thread.
 */
@NeedsKernel
class LoadUnderSignalsTest {

  private static final int LOADS = 5;
  private static final Duration ALWAYS = Duration.ofDays(1);
  private static final Duration AT_ONCE = Duration.ofNanos(1);
  private static final DataplaneConfig CONFIG = DataplaneConfig.of(Limits.defaults());

  @Test
  void load_underAProfiler_succeeds() throws IOException {
    String before = blockedSignals();
    try (Signals _ = Signals.toThisThread(Signals.SIGPROF, Duration.ofMillis(5), ALWAYS)) {
      for (int i = 0; i < LOADS; i++) {
        load();
      }
    }
    assertThat(blockedSignals()).isEqualTo(before);
  }

  @Test
  void load_otherSignalsForAWhile_startsOver() {
    try (Signals _ = Signals.toThisThread(Signals.SIGURG, AT_ONCE, Duration.ofMillis(100))) {
      load();
    }
  }

  @Test
  void load_otherSignalsAllTheTime_givesUp() throws IOException {
    String before = blockedSignals();
    try (Signals _ = Signals.toThisThread(Signals.SIGURG, AT_ONCE, ALWAYS)) {
      assertThatThrownBy(LoadUnderSignalsTest::load)
          .isInstanceOf(Failure.class)
          .hasMessageContaining("EAGAIN");
    }
    assertThat(blockedSignals()).isEqualTo(before);
  }

  /** Loads the program with its largest code, which takes the longest to verify. */
  private static void load() {
    try (Dataplane dataplane = KernelDataplane.detached(CONFIG)) {
      dataplane.program().use(Features.ALL);
    }
  }

  private static String blockedSignals() throws IOException {
    return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
        .filter(line -> line.startsWith("SigBlk:"))
        .findFirst()
        .orElseThrow();
  }
}
