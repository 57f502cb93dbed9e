package dev.katran.examples.quickstart;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Records the result of each check, and whether all of them hold. */
final class Verdicts {

  private final List<String> lines = new ArrayList<>();
  private boolean allHold = true;

  Verdicts check(boolean holds, String claim, @Nullable String otherwise) {
    allHold &= holds;
    lines.add(holds ? "yes: " + claim : "NO:  " + claim + ": " + otherwise);
    return this;
  }

  /** Prints the results and returns whether all checks hold. */
  boolean print() {
    lines.forEach(System.out::println);
    return allHold;
  }
}
