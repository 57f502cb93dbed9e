package dev.katran.fuzz;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toUnmodifiableSet;

import dev.katran.Simulation;
import dev.katran.fuzz.invariants.Broken;
import dev.katran.fuzz.invariants.Invariant;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * The outcomes of one operation on two dataplanes.
 *
 * @param expected the outcome on the reference dataplane
 * @param actual the outcome on the dataplane under test
 */
record Comparison(Object expected, Object actual) {

  /** An exception as the outcome of an operation. */
  record Thrown(String text) {
    static Thrown of(RuntimeException exception) {
      return new Thrown(exception.toString());
    }

    @Override
    public String toString() {
      return "threw " + text;
    }
  }

  /** What is expected of a frame beside an equal result. */
  static final String HELD = "every invariant holds";

  /** A result, equal on both dataplanes, that breaks invariants. */
  record BrokenInvariants(Simulation result, List<Broken> broken) {
    @Override
    public String toString() {
      return result + broken.stream().map(each -> "\n           " + each).collect(joining());
    }
  }

  /** Returns the invariants that an equal result breaks; none if the outcomes differ. */
  Set<Invariant> brokenInvariants() {
    return actual instanceof BrokenInvariants invariants
        ? invariants.broken().stream().map(Broken::invariant).collect(toUnmodifiableSet())
        : Set.of();
  }

  /** Returns whether another comparison shows the same kind of fault. */
  boolean isLike(Comparison other) {
    Set<Invariant> mine = brokenInvariants();
    Set<Invariant> others = other.brokenInvariants();
    return mine.isEmpty() ? others.isEmpty() : !Collections.disjoint(mine, others);
  }

  boolean isEqual() {
    return expected.equals(actual);
  }

  String expectedText() {
    return text(expected, actual);
  }

  String actualText() {
    return text(actual, expected);
  }

  /** Formats an outcome; a snapshot is reduced to the values that differ. */
  private static String text(Object one, Object other) {
    return one instanceof Snapshot ours && other instanceof Snapshot theirs
        ? ours.differencesFrom(theirs)
        : one.toString();
  }
}
