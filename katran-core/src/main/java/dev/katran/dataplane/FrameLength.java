package dev.katran.dataplane;

/** How long a frame may be that is given to a dataplane. */
final class FrameLength {

  /** An Ethernet header. */
  private static final int SHORTEST = 14;

  /**
   * What fits beside headroom and trailer in the page that the kernel's test run copies a frame to.
   * It takes longer ones, but the program sees no more of them than this.
   */
  private static final int LONGEST = 3520;

  private FrameLength() {}

  static void check(long bytes) {
    if (bytes < SHORTEST || bytes > LONGEST) {
      throw new IllegalArgumentException(
          "a frame of %d bytes: a simulated one has %d to %d".formatted(bytes, SHORTEST, LONGEST));
    }
  }
}
