package dev.katran;

import com.google.common.io.BaseEncoding;
import java.util.Arrays;

/**
 * What the dataplane did with a frame, see {@link LoadBalancer#simulate}.
 *
 * @param verdict what becomes of the frame
 * @param frame the frame as the program left it, Ethernet header first
 */
public record Simulation(Verdict verdict, byte[] frame) {

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

  @Override
  public String toString() {
    return verdict + " " + BaseEncoding.base16().lowerCase().encode(frame);
  }
}
