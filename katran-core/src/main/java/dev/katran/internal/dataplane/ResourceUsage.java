package dev.katran.internal.dataplane;

import java.time.Duration;

/**
 * The kernel resources that a dataplane uses.
 *
 * @param memory the memory of the maps and the program, in bytes
 * @param instructions the instructions of the program
 * @param verificationTime how long the kernel took to verify the program
 */
public record ResourceUsage(long memory, int instructions, Duration verificationTime) {

  /** No kernel resources. */
  public static final ResourceUsage NONE = new ResourceUsage(0, 0, Duration.ZERO);
}
