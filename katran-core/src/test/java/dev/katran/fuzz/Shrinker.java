package dev.katran.fuzz;

import dev.katran.dataplane.DataplaneConfig;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Makes a finding small: fewer operations, simpler ones, shorter frames of zeros, a simpler
 * configuration, as long as there is a difference, whichever.
 */
final class Shrinker {

  private final Duel.Parties parties;
  private int triesLeft;
  private int accepted;
  private Finding best;

  private Shrinker(Duel.Parties parties, Finding finding, int tries) {
    this.parties = parties;
    this.best = finding;
    this.triesLeft = tries;
  }

  /**
   * The smallest finding that is reached from this one.
   *
   * @param tries how many smaller ones are tried at most
   */
  static Finding shrink(Duel.Parties parties, Finding finding, int tries) {
    Shrinker shrinker = new Shrinker(parties, finding, tries);
    shrinker.keepOneFrame();
    shrinker.dropOperations();
    int before;
    do {
      before = shrinker.accepted;
      shrinker.simplifyOperations();
      shrinker.simplifyConfig();
      shrinker.dropOperations();
    } while (shrinker.accepted > before && shrinker.triesLeft > 0);
    return shrinker.best;
  }

  /** Keeps the smaller trial in place of the best one if there is still a difference. */
  private boolean accepts(Trial smaller) {
    if (triesLeft <= 0) {
      return false;
    }
    triesLeft--;
    Finding finding = parties.play(smaller);
    if (finding == null) {
      return false;
    }
    best = finding;
    accepted++;
    return true;
  }

  private List<Operation> operations() {
    return best.trial().operations();
  }

  /** Most often nothing depends on the frames before. */
  private void keepOneFrame() {
    List<Operation> before = operations().subList(0, operations().size() - 1);
    List<Operation> some =
        Stream.concat(
                before.stream().filter(operation -> !(operation instanceof Operation.Feed)),
                Stream.of(best.trial().last()))
            .toList();
    if (some.size() < operations().size()) {
      accepts(new Trial(best.trial().config(), some));
    }
  }

  private void dropOperations() {
    Parts.drop(() -> operations().size(), (from, to) -> accepts(best.trial().without(from, to)));
  }

  private void simplifyOperations() {
    for (int place = operations().size() - 1; place >= 0; place--) {
      simplifyOperation(place);
    }
  }

  /** Goes on where something simpler was found: what is before that has been tried already. */
  private void simplifyOperation(int place) {
    int next = 0;
    while (place < operations().size()) {
      List<Operation> simpler = operations().get(place).simpler();
      if (next >= simpler.size()) {
        return;
      }
      if (!accepts(best.trial().with(place, simpler.get(next)))) {
        next++;
      }
    }
  }

  private void simplifyConfig() {
    for (UnaryOperator<DataplaneConfig> simplification : ConfigGenerator.SIMPLIFICATIONS) {
      DataplaneConfig simpler = simplification.apply(best.trial().config());
      if (!simpler.equals(best.trial().config())) {
        accepts(best.trial().with(simpler));
      }
    }
  }
}
