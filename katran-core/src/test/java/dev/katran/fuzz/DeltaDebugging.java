package dev.katran.fuzz;

import java.util.function.IntSupplier;

/**
 * Removes the elements of a failing list that are not needed to reproduce the failure. A variant of
 * delta debugging: see Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * IEEE TSE 2002.
 */
public final class DeltaDebugging {

  /** Tries to remove a range of elements. */
  @FunctionalInterface
  public interface Attempt {

    /**
     * Removes the elements from one index, inclusive, to another, exclusive, and keeps the shorter
     * list if it still fails.
     *
     * @return whether the shorter list still fails
     */
    boolean without(int from, int to);
  }

  private final IntSupplier size;
  private final Attempt attempt;

  private DeltaDebugging(IntSupplier size, Attempt attempt) {
    this.size = size;
    this.attempt = attempt;
  }

  /**
   * Minimizes a list by removing large ranges first, then smaller ones, and finally single
   * elements. The last element, which shows the failure, is never removed.
   *
   * @param size returns the current number of elements
   * @param attempt tries to remove a range
   */
  public static void minimize(IntSupplier size, Attempt attempt) {
    DeltaDebugging minimizer = new DeltaDebugging(size, attempt);
    for (int length = Math.max(1, size.getAsInt() / 2); length > 0; length /= 2) {
      boolean removed;
      do {
        removed = minimizer.removeRanges(length);
      } while (removed && length == 1);
    }
  }

  /** Works from the end backwards, because later elements depend on earlier ones. */
  private boolean removeRanges(int length) {
    boolean removed = false;
    int to = size.getAsInt() - 1;
    while (to > 0) {
      int from = Math.max(0, to - length);
      removed |= attempt.without(from, to);
      to = Math.min(from, size.getAsInt() - 1);
    }
    return removed;
  }
}
