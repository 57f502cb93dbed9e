package dev.katran.internal.dataplane;

/** Checks the length of frames passed to {@link ForwardingProgram#run}. */
public final class FrameLength {

  /** The length of an Ethernet header. */
  private static final int MIN = 14;

  /**
   * What the page of the kernel's test run holds beside headroom and trailer. The kernel accepts
   * longer frames, but the program does not see more than this of them.
   */
  private static final int MAX = 3520;

  private FrameLength() {}

  /**
   * Checks a frame's length.
   *
   * @throws IllegalArgumentException if it is not between 14 and 3520 bytes
   */
  public static void check(long bytes) {
    if (bytes < MIN || bytes > MAX) {
      throw new IllegalArgumentException(
          "frame length %d is out of range: must be %d to %d bytes".formatted(bytes, MIN, MAX));
    }
  }
}
