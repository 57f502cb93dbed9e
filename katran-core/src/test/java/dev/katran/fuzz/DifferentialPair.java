package dev.katran.fuzz;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Two dataplanes with the same configuration that receive the same operations. */
final class DifferentialPair implements AutoCloseable {

  /**
   * Opens the two dataplanes of a pair.
   *
   * @param expected opens the reference dataplane
   * @param actual opens the dataplane under test
   */
  record Factories(
      Function<DataplaneConfig, Dataplane> expected, Function<DataplaneConfig, Dataplane> actual) {

    /** Runs a test case until the first mismatch; returns null if there is none. */
    @Nullable Mismatch run(TestCase testCase) {
      try (DifferentialPair pair = new DifferentialPair(this, testCase.config())) {
        for (int i = 0; i < testCase.operations().size(); i++) {
          Comparison comparison = pair.apply(testCase.operations().get(i));
          if (!comparison.isEqual()) {
            return new Mismatch(testCase.first(i + 1), comparison);
          }
        }
        return null;
      }
    }
  }

  private final Dataplane expected;
  private final @Nullable Dataplane actual;
  private final @Nullable Comparison failedOpen;

  /**
   * Opens both dataplanes. If the dataplane under test cannot be opened, the first operation
   * reports that as its outcome.
   */
  DifferentialPair(Factories factories, DataplaneConfig config) {
    this.expected = factories.expected().apply(config);
    Object opened = outcome(() -> factories.actual().apply(config));
    if (opened instanceof Dataplane dataplane) {
      actual = dataplane;
      failedOpen = null;
    } else {
      actual = null;
      failedOpen = new Comparison("opened", opened);
    }
  }

  /** Applies an operation to both dataplanes and compares the outcomes. */
  Comparison apply(Operation operation) {
    if (actual == null) {
      return requireNonNull(failedOpen);
    }
    Object wanted = outcome(() -> operation.applyTo(expected));
    Object got = outcome(() -> operation.applyTo(actual));
    return new Comparison(wanted, got);
  }

  private static Object outcome(Supplier<Object> action) {
    try {
      return action.get();
    } catch (RuntimeException e) {
      return Comparison.Thrown.of(e);
    }
  }

  /** Returns the reference dataplane. */
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
