package dev.katran.examples.benchmark;

import java.util.Arrays;

/** Measured values and their statistics. */
final class Samples {

  private double[] values = new double[1024];
  private int size;

  void add(double value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  /** Removes all values. */
  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  /**
   * Returns the smallest value that is not exceeded by a given percentage of the values (nearest
   * rank).
   *
   * @param percent 1 to 100
   * @throws IllegalStateException if there are no values
   */
  double percentile(int percent) {
    if (percent < 1 || percent > 100) {
      throw new IllegalArgumentException("percentile " + percent + " is not in 1..100");
    }
    return sorted()[(int) Math.ceilDiv((long) size * percent, 100L) - 1];
  }

  /**
   * Returns the mean of the middle half of the values (interquartile mean). Like the median it
   * ignores outliers, but its resolution is finer than the clock's.
   *
   * @throws IllegalStateException if there are no values
   */
  double middleMean() {
    int quarter = size / 4;
    return Arrays.stream(sorted(), quarter, size - quarter).average().orElseThrow();
  }

  private double[] sorted() {
    if (size == 0) {
      throw new IllegalStateException("no values");
    }
    double[] sorted = Arrays.copyOf(values, size);
    Arrays.sort(sorted);
    return sorted;
  }
}
