package dev.katran.fuzz.control;

import dev.katran.TimedBalancer;
import dev.katran.fuzz.DeltaDebugging;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Executes runs of random steps and shrinks the first one that fails. */
final class ChangesFuzz {

  private static final int STEPS_PER_RUN = 300;

  /**
   * A failed run.
   *
   * @param steps the steps up to and including the one that failed
   * @param cause the error of the last step
   */
  private record Failure(List<Step> steps, Throwable cause) {}

  private final Supplier<List<TimedBalancer>> balancers;
  private long steps;
  private long packets;

  /**
   * Creates a fuzz.
   *
   * @param balancers opens the balancers of a run
   */
  ChangesFuzz(Supplier<List<TimedBalancer>> balancers) {
    this.balancers = balancers;
  }

  /**
   * Executes runs with consecutive seeds.
   *
   * @param seed the seed of the first run
   * @throws AssertionError if a run fails, with its shortest failing list of steps
   */
  void run(long seed, long runs) {
    for (long next = seed; next < seed + runs; next++) {
      Failure failure = execute(StepGenerator.steps(next, STEPS_PER_RUN));
      if (failure != null) {
        Failure smallest = shrink(failure);
        throw new AssertionError(report(next, smallest), smallest.cause());
      }
    }
  }

  private @Nullable Failure execute(List<Step> all) {
    try (Run run = new Run(balancers.get())) {
      for (int i = 0; i < all.size(); i++) {
        try {
          run.execute(all.get(i));
        } catch (AssertionError | RuntimeException e) {
          return new Failure(List.copyOf(all.subList(0, i + 1)), e);
        }
      }
      steps += all.size();
      packets += run.packets();
      return null;
    }
  }

  /** Removes the steps that are not needed for a failure; the failure may change on the way. */
  private Failure shrink(Failure failure) {
    Failure[] best = {failure};
    DeltaDebugging.minimize(
        () -> best[0].steps().size(),
        (from, to) -> {
          List<Step> rest = new ArrayList<>(best[0].steps());
          rest.subList(from, to).clear();
          Failure smaller = execute(rest);
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
                "run with seed %d failed%nstep  ".formatted(seed),
                "\n%s".formatted(failure.cause().getMessage())));
  }

  /** Returns how much has been executed, for the log. */
  @Override
  public String toString() {
    return "%d steps, %d packets".formatted(steps, packets);
  }
}
