package dev.katran.fuzz;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Two dataplanes of one configuration, to which the same is done. */
final class Duel implements AutoCloseable {

  /**
   * Who is compared.
   *
   * @param expected opens the one that is right by definition
   * @param actual opens the other one
   */
  record Parties(
      Function<DataplaneConfig, Dataplane> expected, Function<DataplaneConfig, Dataplane> actual) {

    /** Plays a trial from its start to the first difference; null if there is none. */
    @Nullable Finding play(Trial trial) {
      try (Duel duel = new Duel(this, trial.config())) {
        for (int i = 0; i < trial.operations().size(); i++) {
          Difference difference = duel.play(trial.operations().get(i));
          if (difference != null) {
            return new Finding(trial.first(i + 1), difference);
          }
        }
        return null;
      }
    }
  }

  private final Dataplane expected;
  private final @Nullable Dataplane actual;
  private final @Nullable Difference atOpening;

  /** A dataplane that cannot be opened is a difference, too: the first operation meets it. */
  Duel(Parties parties, DataplaneConfig config) {
    this.expected = parties.expected().apply(config);
    Object opened = outcome(() -> parties.actual().apply(config));
    if (opened instanceof Dataplane dataplane) {
      actual = dataplane;
      atOpening = null;
    } else {
      actual = null;
      atOpening = new Difference("open", Operation.DONE, opened);
    }
  }

  /** Does it to both, and compares what comes of it; null if that is the same. */
  @Nullable Difference play(Operation operation) {
    if (actual == null) {
      return atOpening;
    }
    Object wanted = outcome(() -> operation.applyTo(expected));
    Object got = outcome(() -> operation.applyTo(actual));
    return wanted.equals(got) ? null : new Difference(operation.toString(), wanted, got);
  }

  private static Object outcome(Supplier<Object> action) {
    try {
      return action.get();
    } catch (RuntimeException e) {
      return Difference.Thrown.of(e);
    }
  }

  /** The one that is right. */
  Dataplane expected() {
    return expected;
  }

  @Override
  public void close() {
    expected.close();
    if (actual != null) {
      actual.close();
    }
  }
}
