package dev.katran.examples.benchmark;

import java.util.Map;

/**
 * A way to measure programs in turns on packets of the same flows. Disturbances affect all of them
 * alike, so that ratios are reliable where times are not.
 */
interface Timing extends AutoCloseable {

  /**
   * Measures each program on packets of random flows.
   *
   * @param flows the number of flows, not less than at the call before
   * @return nanoseconds per packet, by the program's name
   */
  Map<String, Samples> measure(int flows) throws InterruptedException;

  @Override
  void close();
}
