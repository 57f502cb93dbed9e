package dev.katran.examples.benchmark;

import java.time.Duration;

/**
 * Limits the rate of new flows. Beyond 125 000 per second, a core does not insert new flows of a
 * VIP with {@code Tracking.ALWAYS} into the flow table.
 */
final class Pacer {

  private static final int FLOWS_PER_PERIOD = 100_000;
  private static final Duration PERIOD = Duration.ofMillis(1050);

  private long start = System.nanoTime();
  private int flows;

  /** Waits until another flow may begin. */
  void awaitNext() throws InterruptedException {
    awaitNext(1);
  }

  /**
   * Waits until more flows may begin and returns how many.
   *
   * @param wanted the largest number to return, 1 or more
   */
  int awaitNext(int wanted) throws InterruptedException {
    if (flows == FLOWS_PER_PERIOD) {
      long left = start + PERIOD.toNanos() - System.nanoTime();
      if (left > 0) {
        Thread.sleep(Duration.ofNanos(left));
      }
      flows = 0;
    }
    if (flows == 0) {
      start = System.nanoTime();
    }
    int next = Math.min(wanted, FLOWS_PER_PERIOD - flows);
    flows += next;
    return next;
  }
}
