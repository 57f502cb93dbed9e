package dev.katran.fuzz;

import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Shrinks the test case of a mismatch: fewer operations, simpler operations, shorter and zeroed
 * frames, a simpler configuration. The mismatch may change on the way: any difference is accepted,
 * but a broken invariant stays the same one.
 */
final class Shrinker {

  private final DifferentialPair.Factories factories;
  private int attemptsLeft;
  private int accepted;
  private Mismatch best;

  private Shrinker(DifferentialPair.Factories factories, Mismatch mismatch, int attempts) {
    this.factories = factories;
    this.best = mismatch;
    this.attemptsLeft = attempts;
  }

  /**
   * Returns the smallest mismatch that can be reached from the given one.
   *
   * @param attempts the maximum number of smaller test cases to run
   */
  static Mismatch shrink(DifferentialPair.Factories factories, Mismatch mismatch, int attempts) {
    Shrinker shrinker = new Shrinker(factories, mismatch, attempts);
    shrinker.keepOneFrame();
    shrinker.removeOperations();
    int before;
    do {
      before = shrinker.accepted;
      shrinker.simplifyOperations();
      shrinker.simplifyConfig();
      shrinker.removeOperations();
    } while (shrinker.accepted > before && shrinker.attemptsLeft > 0);
    return shrinker.best;
  }

  /** Runs a smaller test case and keeps it as the best one if it still shows a mismatch. */
  private boolean accepts(TestCase smaller) {
    if (attemptsLeft <= 0) {
      return false;
    }
    attemptsLeft--;
    Mismatch mismatch = factories.run(smaller);
    if (mismatch == null || !mismatch.comparison().isLike(best.comparison())) {
      return false;
    }
    best = mismatch;
    accepted++;
    return true;
  }

  private List<Operation> operations() {
    return best.testCase().operations();
  }

  /** Tries to drop all earlier frames at once; most mismatches do not depend on them. */
  private void keepOneFrame() {
    List<Operation> before = operations().subList(0, operations().size() - 1);
    List<Operation> kept =
        Stream.concat(
                before.stream().filter(operation -> !(operation instanceof Operation.RunFrame)),
                Stream.of(best.testCase().last()))
            .toList();
    if (kept.size() < operations().size()) {
      accepts(new TestCase(best.testCase().config(), kept));
    }
  }

  private void removeOperations() {
    DeltaDebugging.minimize(
        () -> operations().size(), (from, to) -> accepts(best.testCase().without(from, to)));
  }

  private void simplifyOperations() {
    for (int index = operations().size() - 1; index >= 0; index--) {
      simplifyOperation(index);
    }
  }

  /** Continues at the same candidate after a success: the earlier ones have already failed. */
  private void simplifyOperation(int index) {
    int next = 0;
    while (index < operations().size()) {
      List<Operation> simpler = operations().get(index).simpler();
      if (next >= simpler.size()) {
        return;
      }
      if (!accepts(best.testCase().with(index, simpler.get(next)))) {
        next++;
      }
    }
  }

  private void simplifyConfig() {
    for (UnaryOperator<DataplaneConfig> simplification : ConfigGenerator.SIMPLIFICATIONS) {
      DataplaneConfig simpler = simplification.apply(best.testCase().config());
      if (!simpler.equals(best.testCase().config())) {
        accepts(best.testCase().with(simpler));
      }
    }
  }
}
