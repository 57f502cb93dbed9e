package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {

  private static final Limits DEFAULTS = Limits.defaults();

  @Test
  void defaultsAreThoseOfTheWireContract() {
    assertThat(DEFAULTS).isEqualTo(new Limits(512, 4096, 65537, 1514));
  }

  @Test
  void areChangedOneByOne() {
    assertThat(DEFAULTS.vips(4).backends(6).ringSize(251).maxPacketSize(9014))
        .isEqualTo(new Limits(4, 6, 251, 9014));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 251, 4099, 65537, 655_373, 16_777_213})
  void anyPrimeIsARingSize(int ringSize) {
    assertThat(DEFAULTS.ringSize(ringSize).ringSize()).isEqualTo(ringSize);
  }

  @ParameterizedTest
  @CsvSource({"4, 5", "65535, 65537", "65536, 65537", "16777212, 16777213"})
  void whatIsNoPrimeIsNoRingSize(int ringSize, int next) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.ringSize(ringSize))
        .withMessage("ringSize %d is not a prime; the next one is %d", ringSize, next);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1, 16_777_214, Integer.MAX_VALUE})
  void aRingSizeOutOfRangeIsRefused(int ringSize) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.ringSize(ringSize))
        .withMessage("ringSize %d is not in 2..16777213", ringSize);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65537})
  void aNumberOfVipsOutOfRangeIsRefused(int vips) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.vips(vips))
        .withMessage("vips %d is not in 1..65536", vips);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void aNumberOfBackendsOutOfRangeIsRefused(int backends) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.backends(backends))
        .withMessage("backends %d is not in 1..65535", backends);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 589, 65550})
  void aPacketSizeOutOfRangeIsRefused(int maxPacketSize) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.maxPacketSize(maxPacketSize))
        .withMessage("maxPacketSize %d is not in 590..65549", maxPacketSize);
  }
}
