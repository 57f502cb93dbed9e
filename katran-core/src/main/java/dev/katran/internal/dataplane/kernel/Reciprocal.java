package dev.katran.internal.dataplane.kernel;

import com.google.common.math.IntMath;
import java.math.RoundingMode;

/**
 * A divisor in the form by which the program divides any unsigned 32-bit number: by a
 * multiplication and a shift, {@code slot_of()} in {@code hash.h}. The form is that of Granlund and
 * Montgomery, "Division by invariant integers using multiplication", 1994, figure 4.1, <a
 * href="https://doi.org/10.1145/773473.178249">doi:10.1145/773473.178249</a>.
 *
 * @param factor the reciprocal without its leading one, as an unsigned number
 * @param shift the number of bits of the divisor less one
 */
public record Reciprocal(int factor, int shift) {

  /** Returns the reciprocal of a divisor, 1 or more. */
  public static Reciprocal of(int divisor) {
    int shift = IntMath.log2(divisor, RoundingMode.CEILING);
    long factor = (((1L << shift) - divisor) << Integer.SIZE) / divisor + 1;
    return new Reciprocal((int) factor, shift);
  }
}
