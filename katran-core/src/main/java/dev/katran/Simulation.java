package dev.katran;

import com.google.common.io.BaseEncoding;
import java.util.Arrays;

/** What the dataplane did with a frame, see {@link LoadBalancer#simulate}. */
public final class Simulation {

  private final Verdict verdict;
  private final byte[] frame;

  /**
   * The result of a simulation.
   *
   * @param verdict what becomes of the frame
   * @param frame the frame as the program left it
   */
  public Simulation(Verdict verdict, byte[] frame) {
    this.verdict = verdict;
    this.frame = frame.clone();
  }

  /** What becomes of the frame. */
  public Verdict verdict() {
    return verdict;
  }

  /** The frame as the program left it, Ethernet header first; a copy. */
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

  /** The verdict, and the frame in hexadecimal digits. */
  @Override
  public String toString() {
    return verdict + " " + BaseEncoding.base16().lowerCase().encode(frame);
  }
}
