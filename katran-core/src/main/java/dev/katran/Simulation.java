package dev.katran;

import com.google.common.io.BaseEncoding;
import java.util.Arrays;

/**
 * What the dataplane did with a frame, see {@link LoadBalancer#simulate}.
 *
 * @since 0.1.0
 */
public final class Simulation {

  private final Verdict verdict;
  private final byte[] frame;

  /**
   * Creates a result.
   *
   * @param verdict what happens to the frame
   * @param frame the frame after the program ran; copied
   */
  public Simulation(Verdict verdict, byte[] frame) {
    this.verdict = verdict;
    this.frame = frame.clone();
  }

  /** Returns what happens to the frame. */
  public Verdict verdict() {
    return verdict;
  }

  /** Returns a copy of the frame after the program ran, from its Ethernet header on. */
  public byte[] frame() {
    return frame.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Simulation that
        && verdict == that.verdict
        && Arrays.equals(frame, that.frame);
  }

  @Override
  public int hashCode() {
    return 31 * verdict.hashCode() + Arrays.hashCode(frame);
  }

  /** Returns the verdict and the frame in hexadecimal. */
  @Override
  public String toString() {
    return verdict + " " + BaseEncoding.base16().lowerCase().encode(frame);
  }
}
