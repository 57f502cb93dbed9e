package dev.katran.fuzz.control;

import dev.katran.TimedBalancer;
import dev.katran.fuzz.Parts;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Plays games, and tells of one that goes wrong in as few steps as can be. */
final class ChangesFuzz {

  private static final int STEPS_PER_GAME = 300;

  /**
   * A game that went wrong.
   *
   * @param steps up to the one that showed it
   * @param cause what it showed
   */
  private record Failure(List<Step> steps, Throwable cause) {}

  private final Supplier<List<TimedBalancer>> balancers;
  private long steps;
  private long packets;

  /**
   * A fuzz.
   *
   * @param balancers opens those of a game
   */
  ChangesFuzz(Supplier<List<TimedBalancer>> balancers) {
    this.balancers = balancers;
  }

  /** Plays so many games, of this seed and of those after it. */
  void run(long seed, long games) {
    for (long next = seed; next < seed + games; next++) {
      Failure failure = play(StepGenerator.steps(next, STEPS_PER_GAME));
      if (failure != null) {
        Failure smallest = shrink(failure);
        throw new AssertionError(report(next, smallest), smallest.cause());
      }
    }
  }

  private @Nullable Failure play(List<Step> game) {
    try (Game playing = new Game(balancers.get())) {
      for (int i = 0; i < game.size(); i++) {
        try {
          playing.play(game.get(i));
        } catch (AssertionError | RuntimeException e) {
          return new Failure(List.copyOf(game.subList(0, i + 1)), e);
        }
      }
      steps += game.size();
      packets += playing.packets();
      return null;
    }
  }

  /** Fewer steps, with whatever goes wrong. */
  private Failure shrink(Failure failure) {
    Failure[] best = {failure};
    Parts.drop(
        () -> best[0].steps().size(),
        (from, to) -> {
          List<Step> rest = new ArrayList<>(best[0].steps());
          rest.subList(from, to).clear();
          Failure smaller = play(rest);
          if (smaller != null) {
            best[0] = smaller;
          }
          return smaller != null;
        });
    return best[0];
  }

  private static String report(long seed, Failure failure) {
    return failure.steps().stream()
        .map(Step::toString)
        .collect(
            Collectors.joining(
                "\nstep  ",
                "in a game of seed %d%nstep  ".formatted(seed),
                "\n%s".formatted(failure.cause().getMessage())));
  }

  /** What has been played. */
  @Override
  public String toString() {
    return "%d steps, %d packets".formatted(steps, packets);
  }
}
