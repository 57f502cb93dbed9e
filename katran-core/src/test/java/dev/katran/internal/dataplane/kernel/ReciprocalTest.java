package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReciprocalTest {

  private static final int MAX_DIVISOR = 1 << 24;

  /** Divides as the program does, see slot_of() in hash.h. */
  private static int remainder(int dividend, int divisor, Reciprocal reciprocal) {
    long number = Integer.toUnsignedLong(dividend);
    long product = number * Integer.toUnsignedLong(reciprocal.factor());
    long quotient = ((product >>> Integer.SIZE) + number) >>> reciprocal.shift();
    return dividend - (int) quotient * divisor;
  }

  /**
   * Theorem 4.2 of the paper: with n = 32 + shift and m = 2^32 + factor, the quotient is right for
   * all 32-bit numbers if m times the divisor is between 2^n and 2^n + 2^shift.
   */
  @Test
  void of_everyDivisor_isRightForAllDividends() {
    for (int divisor = 1; divisor <= MAX_DIVISOR; divisor++) {
      Reciprocal reciprocal = Reciprocal.of(divisor);

      long product = ((1L << Integer.SIZE) + Integer.toUnsignedLong(reciprocal.factor())) * divisor;
      long power = 1L << (Integer.SIZE + reciprocal.shift());
      if (product < power || product > power + (1L << reciprocal.shift())) {
        throw new AssertionError("reciprocal of " + divisor + ": " + reciprocal);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 13, 65537, 16_777_213})
  void of_edgesOfQuotients_areDividedRight(int divisor) {
    Reciprocal reciprocal = Reciprocal.of(divisor);
    Random random = new Random(divisor);

    for (int i = 0; i < 1_000_000; i++) {
      int multiple = Integer.divideUnsigned(random.nextInt(), divisor) * divisor;
      for (int dividend : new int[] {multiple - 1, multiple, multiple + divisor - 1}) {
        int expected = Integer.remainderUnsigned(dividend, divisor);
        if (remainder(dividend, divisor, reciprocal) != expected) {
          assertThat(remainder(dividend, divisor, reciprocal))
              .as("%s %% %d", Integer.toUnsignedString(dividend), divisor)
              .isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void of_largestDividend_isDividedRight() {
    for (int divisor = 1; divisor <= MAX_DIVISOR; divisor++) {
      assertThat(remainder(-1, divisor, Reciprocal.of(divisor)))
          .isEqualTo(Integer.remainderUnsigned(-1, divisor));
    }
  }
}
