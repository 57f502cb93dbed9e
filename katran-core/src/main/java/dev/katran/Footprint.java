package dev.katran;

import java.time.Duration;

/**
 * What a balancer costs in the kernel.
 *
 * @param memory of its maps and its program in bytes, as the kernel accounts for them
 * @param instructions of the program after the verifier has removed what is not used
 * @param verification how long the verifier took
 */
public record Footprint(long memory, int instructions, Duration verification) {

  /** No cost at all. */
  public static final Footprint NONE = new Footprint(0, 0, Duration.ZERO);
}
