package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.katran.needs.NeedsNamespaces;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@NeedsNamespaces
@Tag("unemulated")
class KernelClockTest {

  private static final long DAY = Duration.ofDays(1).toSeconds();

  @Test
  void offset_ofANamespace_isThatOfTheMonotonicClock() {
    assertThat(KernelClock.offset(List.of("monotonic      -86400         5", "boottime  7 8")))
        .isEqualTo(-Duration.ofDays(1).toNanos() + 5);
    assertThat(KernelClock.offset(List.of())).isZero();
  }

  /** Prints the time in another process. */
  static final class Print {

    private Print() {}

    public static void main(String[] args) {
      System.out.println(System.nanoTime() + " " + KernelClock.nanoTime());
    }
  }

  @Test
  void nanoTime_inATimeNamespace_isThatOfOtherProcesses() throws Exception {
    Process process =
        new ProcessBuilder(
                "unshare",
                "--time",
                "--monotonic",
                Long.toString(DAY),
                "--fork",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Print.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String[] times = process.inputReader().readLine().split(" ", -1);
    long minutes = Duration.ofMinutes(10).toNanos();
    assertThat(Long.parseLong(times[0]) - System.nanoTime())
        .as("the process is in another time namespace")
        .isCloseTo(Duration.ofSeconds(DAY).toNanos(), within(minutes));
    assertThat(Long.parseLong(times[1])).isCloseTo(System.nanoTime(), within(minutes));
  }
}
