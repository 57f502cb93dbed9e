package dev.katran.examples.replay;

import dev.katran.Simulation;
import dev.katran.examples.replay.scenario.Row;

/** The outcome of a row on one dataplane. */
sealed interface Outcome {

  /** Returns whether it is the outcome that the row expects. */
  boolean passes(Row row);

  /** The frame was run. */
  record Ran(Simulation actual) implements Outcome {
    @Override
    public boolean passes(Row row) {
      return actual.equals(row.expected());
    }
  }

  /** The frame was rejected. */
  record NotRun(String reason) implements Outcome {
    @Override
    public boolean passes(Row row) {
      return false;
    }
  }
}
