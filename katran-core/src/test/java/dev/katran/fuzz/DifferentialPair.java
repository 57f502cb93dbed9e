package dev.katran.fuzz;

import static java.util.Objects.requireNonNull;

import dev.katran.Simulation;
import dev.katran.fuzz.invariants.Broken;
import dev.katran.fuzz.invariants.InvariantChecker;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.List;
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
   * @param checksInvariants whether the results of frames are also checked against the invariants
   */
  record Factories(
      Function<DataplaneConfig, Dataplane> expected,
      Function<DataplaneConfig, Dataplane> actual,
      boolean checksInvariants) {

    /** Creates factories of dataplanes whose results are also checked against the invariants. */
    Factories(
        Function<DataplaneConfig, Dataplane> expected,
        Function<DataplaneConfig, Dataplane> actual) {
      this(expected, actual, /* checksInvariants= */ true);
    }

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

  private final DataplaneConfig config;
  private final boolean checksInvariants;
  private final InstalledState installed = new InstalledState();
  private final Dataplane expected;
  private final @Nullable Dataplane actual;
  private final @Nullable Comparison failedOpen;

  /**
   * Opens both dataplanes. If the dataplane under test cannot be opened, the first operation
   * reports that as its outcome.
   */
  DifferentialPair(Factories factories, DataplaneConfig config) {
    this.config = config;
    this.checksInvariants = factories.checksInvariants();
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

  /**
   * Applies an operation to both dataplanes and compares the outcomes. If they agree about a frame,
   * compares what they did with the invariants.
   */
  Comparison apply(Operation operation) {
    if (actual == null) {
      return requireNonNull(failedOpen);
    }
    Object wanted = outcome(() -> operation.applyTo(expected));
    Object got = outcome(() -> operation.applyTo(actual));
    installed.apply(operation);
    Comparison comparison = new Comparison(wanted, got);
    return checksInvariants
            && comparison.isEqual()
            && operation instanceof Operation.RunFrame run
            && got instanceof Simulation result
        ? checked(run, result)
        : comparison;
  }

  private Comparison checked(Operation.RunFrame run, Simulation result) {
    List<Broken> broken = InvariantChecker.check(run.frame(), result, config, installed);
    return broken.isEmpty()
        ? new Comparison(result, result)
        : new Comparison(Comparison.HELD, new Comparison.BrokenInvariants(result, broken));
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
