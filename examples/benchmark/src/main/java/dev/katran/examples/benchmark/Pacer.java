package dev.katran.examples.benchmark;

import java.time.Duration;

/**
 * Lets no more than a number of new flows through in a second: beyond 125 000, a core does not
 * enter them in the flow table of a VIP that is always tracked.
 */
final class Pacer {

  private static final int FLOWS = 100_000;
  private static final Duration TIME = Duration.ofMillis(1050);

  private long start = System.nanoTime();
  private int flows;

  /** Waits until one more flow may come. */
  void awaitNext() throws InterruptedException {
    if (flows == FLOWS) {
      long left = start + TIME.toNanos() - System.nanoTime();
      if (left > 0) {
        Thread.sleep(Duration.ofNanos(left));
      }
      flows = 0;
    }
    if (flows == 0) {
      start = System.nanoTime();
    }
    flows++;
  }
}
