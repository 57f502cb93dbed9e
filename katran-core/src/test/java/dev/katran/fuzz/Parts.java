package dev.katran.fuzz;

import java.util.function.IntSupplier;

/** Delta debugging: leaves out of a list what is not needed to show what its last element shows. */
public final class Parts {

  /** Tries what a list shows without some of its elements. */
  @FunctionalInterface
  public interface Attempt {

    /**
     * Leaves out the elements from one place to before another, for good if the rest still shows
     * it.
     *
     * @return whether it does
     */
    boolean without(int from, int to);
  }

  private final IntSupplier size;
  private final Attempt attempt;

  private Parts(IntSupplier size, Attempt attempt) {
    this.size = size;
    this.attempt = attempt;
  }

  /**
   * First large parts, then smaller ones, in the end each one by itself.
   *
   * @param size how many elements there are still
   */
  public static void drop(IntSupplier size, Attempt attempt) {
    Parts parts = new Parts(size, attempt);
    for (int part = Math.max(1, size.getAsInt() / 2); part > 0; part /= 2) {
      boolean dropped;
      do {
        dropped = parts.drop(part);
      } while (dropped && part == 1);
    }
  }

  /** From the end on: what comes late depends on what was before, and not the other way round. */
  private boolean drop(int part) {
    boolean dropped = false;
    int to = size.getAsInt() - 1; // the last one shows it
    while (to > 0) {
      int from = Math.max(0, to - part);
      dropped |= attempt.without(from, to);
      to = Math.min(from, size.getAsInt() - 1);
    }
    return dropped;
  }
}
