package dev.katran.fuzz.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.katran.TimedBalancer;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.PinnedThread;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Checks that established flows stay with their backends, and that new flows follow the ring,
 * through any sequence of changes and delays. See the package description for the system properties
 * that set the seed and the number of runs.
 */
class ChangesFuzzTest {

  private static final long SEED = Long.getLong("katran.fuzz.changes.seed", 1);
  private static final long RUNS = Long.getLong("katran.fuzz.changes.games", 30);
  private static final long KERNEL_RUNS = Long.getLong("katran.fuzz.changes.kernelGames", 5);

  private static void run(String where, Supplier<List<TimedBalancer>> balancers, long runs) {
    ChangesFuzz fuzz = new ChangesFuzz(balancers);
    long start = System.nanoTime();
    fuzz.run(SEED, runs);
    System.out.printf(
        "control-plane fuzz %s: seed %d, %d runs, %s, %.1f s%n",
        where, SEED, runs, fuzz, (System.nanoTime() - start) / 1e9);
  }

  @Test
  void run_javaDataplane_matchesTheModel() {
    run("in memory", () -> List.of(TimedBalancer.inMemory(Fixtures.LIMITS)), RUNS);
  }

  @Test
  void run_balancersDisagree_reportsShortListOfSteps() {
    ChangesFuzz fuzz =
        new ChangesFuzz(() ->
            List.of(
                TimedBalancer.inMemory(Fixtures.LIMITS),
                TimedBalancer.inMemory(Fixtures.LIMITS.hashSeed(17))));
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> fuzz.run(SEED, 1))
        .withMessageStartingWith("run with seed " + SEED)
        .satisfies(error ->
            assertThat(error.getMessage().lines().filter(line -> line.startsWith("step  ")))
                .hasSizeLessThanOrEqualTo(2)
                .anyMatch(line -> line.startsWith("step  Send")));
  }

  /** A step must take less time than the clocks of the two may differ by. */
  @Nested
  @NeedsKernel
  @Tag("unemulated")
  class InTheKernel {

    @Test
    void run_kernelDataplane_behavesLikeJavaDataplane() {
      PinnedThread.run(() ->
          ChangesFuzzTest.run(
              "in the kernel",
              () ->
                  List.of(
                      TimedBalancer.inMemory(Fixtures.LIMITS),
                      TimedBalancer.inKernel(Fixtures.LIMITS)),
              KERNEL_RUNS));
    }
  }
}
