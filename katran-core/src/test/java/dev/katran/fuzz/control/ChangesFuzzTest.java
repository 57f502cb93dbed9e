package dev.katran.fuzz.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.katran.TimedBalancer;
import dev.katran.ffm.BpfMap;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.PinnedThread;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * Whatever is changed, and however the time passes meanwhile, open flows stay where they may, and
 * new ones go where they must. Other seeds and more games: {@code -Dkatran.fuzz.changes.seed=},
 * {@code -Dkatran.fuzz.changes.games=} and {@code -Dkatran.fuzz.changes.kernelGames=}.
 */
class ChangesFuzzTest {

  private static final long SEED = Long.getLong("katran.fuzz.changes.seed", 1);
  private static final long GAMES = Long.getLong("katran.fuzz.changes.games", 30);
  private static final long KERNEL_GAMES = Long.getLong("katran.fuzz.changes.kernelGames", 5);

  private static void play(String what, Supplier<List<TimedBalancer>> balancers, long games) {
    ChangesFuzz fuzz = new ChangesFuzz(balancers);
    long start = System.nanoTime();
    fuzz.run(SEED, games);
    System.out.printf(
        "fuzz of changes %s: seed %d, %d games, %s, %.1f s%n",
        what, SEED, games, fuzz, (System.nanoTime() - start) / 1e9);
  }

  @Test
  void inPlainJavaFlowsStayAndBeginAsTheyMust() {
    play("in plain Java", () -> List.of(TimedBalancer.inMemory(Cast.limits(1))), GAMES);
  }

  @Test
  void aBalancerThatDoesSomethingElseIsFoundInFewSteps() {
    ChangesFuzz fuzz =
        new ChangesFuzz(() ->
            List.of(
                TimedBalancer.inMemory(Cast.limits(1)),
                TimedBalancer.inMemory(Cast.limits(1).vips(17)))); // the seed of another hash
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> fuzz.run(SEED, 1))
        .withMessageStartingWith("in a game of seed " + SEED)
        .satisfies(error ->
            assertThat(error.getMessage().lines().filter(line -> line.startsWith("step  ")))
                .hasSizeLessThanOrEqualTo(2)
                .anyMatch(line -> line.startsWith("step  Send")));
  }

  @Nested
  @NeedsKernel
  class InTheKernel {

    @Test
    void changesAreWhatTheyAreInPlainJava() {
      PinnedThread.run(() ->
          play(
              "in the kernel",
              () ->
                  List.of(
                      TimedBalancer.inMemory(Cast.limits(1)),
                      TimedBalancer.inKernel(Cast.limits(BpfMap.possibleCpus()))),
              KERNEL_GAMES));
    }
  }
}
