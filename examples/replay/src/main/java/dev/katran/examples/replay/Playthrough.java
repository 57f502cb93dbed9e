package dev.katran.examples.replay;

import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.examples.replay.scenario.Row;
import dev.katran.examples.replay.scenario.Scenario;
import dev.katran.examples.replay.scenario.Setup;
import dev.katran.examples.replay.scenario.Step;
import dev.katran.ffm.NativeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A scenario as it went on one dataplane.
 *
 * @param dataplane the dataplane
 * @param outcomes what came of the rows, in their order, as far as they were played
 * @param stopped why it did not come to its end, if it did not
 */
record Playthrough(Dataplane dataplane, List<Outcome> outcomes, Optional<String> stopped) {

  /** Plays a scenario from its beginning. */
  static Playthrough of(Scenario scenario, Dataplane dataplane) {
    List<Outcome> outcomes = new ArrayList<>();
    Optional<String> stopped = Optional.empty();
    try (LoadBalancer balancer = scenario.config().applyTo(dataplane.balancer()).open()) {
      stopped = play(scenario, balancer, outcomes);
    } catch (LoadBalancerException | IllegalArgumentException e) {
      stopped = Optional.of(e.getMessage());
    }
    return new Playthrough(dataplane, outcomes, stopped);
  }

  /** Whether the row of this index was played, and came out right. */
  boolean isRight(int index, Row row) {
    return index < outcomes.size() && outcomes.get(index).isRight(row);
  }

  private static Optional<String> play(
      Scenario scenario, LoadBalancer balancer, List<Outcome> outcomes) {
    Setup setup = new Setup(scenario.config(), balancer);
    for (int i = 0; i < scenario.steps().size(); i++) {
      Step step = scenario.steps().get(i);
      if (step instanceof Step.Packets(List<Row> rows)) {
        rows.forEach(row -> outcomes.add(feed(balancer, row)));
        continue;
      }
      try {
        setup.apply(step);
      } catch (LoadBalancerException | IllegalArgumentException e) {
        return Optional.of("step %d: %s".formatted(i + 1, e.getMessage()));
      }
    }
    return Optional.empty();
  }

  private static Outcome feed(LoadBalancer balancer, Row row) {
    try {
      return new Outcome.Ran(balancer.simulate(row.frame()));
    } catch (IllegalArgumentException | NativeException e) {
      return new Outcome.NotRun(e.getMessage());
    }
  }
}
