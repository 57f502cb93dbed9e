package dev.katran.examples.replay;

import dev.katran.Simulation;
import dev.katran.examples.replay.scenario.Row;

/** What came of a row on one dataplane. */
sealed interface Outcome {

  /** Whether it is what the row says. */
  boolean isRight(Row row);

  /** The frame was run. */
  record Ran(Simulation actual) implements Outcome {
    @Override
    public boolean isRight(Row row) {
      return actual.equals(row.expected());
    }
  }

  /** The frame was not run. */
  record NotRun(String why) implements Outcome {
    @Override
    public boolean isRight(Row row) {
      return false;
    }
  }
}
