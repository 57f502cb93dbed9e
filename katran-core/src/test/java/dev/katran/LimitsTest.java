package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {

  private static final Limits DEFAULTS = Limits.defaults();

  @Test
  void defaults_areThoseOfTheWireContract() {
    assertThat(DEFAULTS.vips()).isEqualTo(512);
    assertThat(DEFAULTS.backends()).isEqualTo(4096);
    assertThat(DEFAULTS.ringSize()).isEqualTo(65537);
    assertThat(DEFAULTS.hashSeed()).isEqualTo(512);
    assertThat(DEFAULTS.maxPacketSize()).isEqualTo(1514);
    assertThat(DEFAULTS.flowTableSize()).isEqualTo(2_000_000);
    assertThat(DEFAULTS.serverIds()).isEqualTo(65536);
    assertThat(DEFAULTS.sourceRoutes()).isEqualTo(3_000_000);
    assertThat(DEFAULTS)
        .isEqualTo(
            Limits.defaults()
                .vips(512)
                .backends(4096)
                .ringSize(65537)
                .hashSeed(512)
                .maxPacketSize(1514)
                .flowTableSize(2_000_000)
                .serverIds(65536)
                .sourceRoutes(3_000_000))
        .hasToString(
            "vips 512, backends 4096, ringSize 65537, hashSeed 512, maxPacketSize 1514,"
                + " flowTableSize 2000000, serverIds 65536, sourceRoutes 3000000");
  }

  @Test
  void setters_chained_keepEachOther() {
    Limits changed =
        DEFAULTS
            .vips(4)
            .backends(6)
            .ringSize(251)
            .hashSeed(7)
            .maxPacketSize(9014)
            .flowTableSize(2048)
            .serverIds(8)
            .sourceRoutes(9);

    assertThat(changed.vips()).isEqualTo(4);
    assertThat(changed.backends()).isEqualTo(6);
    assertThat(changed.ringSize()).isEqualTo(251);
    assertThat(changed.hashSeed()).isEqualTo(7);
    assertThat(changed.maxPacketSize()).isEqualTo(9014);
    assertThat(changed.flowTableSize()).isEqualTo(2048);
    assertThat(changed.serverIds()).isEqualTo(8);
    assertThat(changed.sourceRoutes()).isEqualTo(9);
  }

  static Stream<UnaryOperator<Limits>> singleChanges() {
    return Stream.of(
        limits -> limits.vips(4),
        limits -> limits.backends(6),
        limits -> limits.ringSize(251),
        limits -> limits.hashSeed(7),
        limits -> limits.maxPacketSize(9014),
        limits -> limits.flowTableSize(2048),
        limits -> limits.serverIds(8),
        limits -> limits.sourceRoutes(9));
  }

  @ParameterizedTest
  @MethodSource("singleChanges")
  void equals_oneLimitDiffers_isFalse(UnaryOperator<Limits> change) {
    Limits changed = change.apply(DEFAULTS);

    assertThat(changed).isNotEqualTo(DEFAULTS);
    assertThat(change.apply(DEFAULTS)).isEqualTo(changed).hasSameHashCodeAs(changed);
    assertThat(DEFAULTS).as("the original is unchanged").isEqualTo(Limits.defaults());
  }

  @Test
  void vips_changed_keepsHashSeed() {
    assertThat(DEFAULTS.vips(65536).hashSeed()).isEqualTo(512);
    assertThat(DEFAULTS.hashSeed(65536).vips()).isEqualTo(512);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 251, 4099, 65537, 655_373, 16_777_213})
  void ringSize_prime_isAccepted(int ringSize) {
    assertThat(DEFAULTS.ringSize(ringSize).ringSize()).isEqualTo(ringSize);
  }

  @ParameterizedTest
  @CsvSource({"4, 5", "65535, 65537", "65536, 65537", "16777212, 16777213"})
  void ringSize_notPrime_throws(int ringSize, int next) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.ringSize(ringSize))
        .withMessage("ringSize %d is not a prime; the next prime is %d", ringSize, next);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1, 16_777_214, Integer.MAX_VALUE})
  void ringSize_outOfRange_throws(int ringSize) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.ringSize(ringSize))
        .withMessage("ringSize %d is not in 2..16777213", ringSize);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65537})
  void vips_outOfRange_throws(int vips) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.vips(vips))
        .withMessage("vips %d is not in 1..65536", vips);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 131_072})
  void backends_outOfRange_throws(int backends) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.backends(backends))
        .withMessage("backends %d is not in 1..131071", backends);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 589, 65550})
  void maxPacketSize_outOfRange_throws(int maxPacketSize) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.maxPacketSize(maxPacketSize))
        .withMessage("maxPacketSize %d is not in 590..65549", maxPacketSize);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65537})
  void hashSeed_outOfRange_throws(int hashSeed) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.hashSeed(hashSeed))
        .withMessage("hashSeed %d is not in 1..65536", hashSeed);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1023, 134_217_729})
  void flowTableSize_outOfRange_throws(int flowTableSize) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.flowTableSize(flowTableSize))
        .withMessage("flowTableSize %d is not in 1024..134217728", flowTableSize);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 16_777_217})
  void serverIdsAndSourceRoutes_outOfRange_throws(int count) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.serverIds(count))
        .withMessage("serverIds %d is not in 1..16777216", count);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DEFAULTS.sourceRoutes(count))
        .withMessage("sourceRoutes %d is not in 1..16777216", count);
  }
}
