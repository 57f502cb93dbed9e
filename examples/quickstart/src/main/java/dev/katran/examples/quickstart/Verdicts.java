package dev.katran.examples.quickstart;

import org.jspecify.annotations.Nullable;

/** Prints the result of each check and records whether all of them hold. */
final class Verdicts {

  private boolean allHold = true;

  Verdicts check(boolean holds, String claim, @Nullable String otherwise) {
    allHold &= holds;
    System.out.println(holds ? "yes: " + claim : "NO:  " + claim + ": " + otherwise);
    return this;
  }

  boolean allHold() {
    return allHold;
  }
}
