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
 * The run of a scenario on one dataplane.
 *
 * @param dataplane the dataplane
 * @param outcomes the outcomes of the rows that were run, in order
 * @param stopped why the run stopped early; empty if it completed
 */
record ScenarioRun(Dataplane dataplane, List<Outcome> outcomes, Optional<String> stopped) {

  /** Runs a scenario from its beginning. */
  static ScenarioRun of(Scenario scenario, Dataplane dataplane) {
    List<Outcome> outcomes = new ArrayList<>();
    Optional<String> stopped = Optional.empty();
    try (LoadBalancer balancer = scenario.config().applyTo(dataplane.balancer()).open()) {
      stopped = run(scenario, balancer, outcomes);
    } catch (LoadBalancerException | IllegalArgumentException e) {
      stopped = Optional.of(e.getMessage());
    }
    return new ScenarioRun(dataplane, outcomes, stopped);
  }

  /** Returns whether a row was run and passed. */
  boolean passes(int index, Row row) {
    return index < outcomes.size() && outcomes.get(index).passes(row);
  }

  private static Optional<String> run(
      Scenario scenario, LoadBalancer balancer, List<Outcome> outcomes) {
    Setup setup = new Setup(scenario.config(), balancer);
    for (int i = 0; i < scenario.steps().size(); i++) {
      Step step = scenario.steps().get(i);
      if (step instanceof Step.Packets(List<Row> rows)) {
        rows.forEach(row -> outcomes.add(simulate(balancer, row)));
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

  private static Outcome simulate(LoadBalancer balancer, Row row) {
    try {
      return new Outcome.Ran(balancer.simulate(row.frame()));
    } catch (IllegalArgumentException | NativeException e) {
      return new Outcome.NotRun(e.getMessage());
    }
  }
}
