package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoarseClockTest {

  @ParameterizedTest
  @CsvSource({"5.10.0-32-amd64, false", "5.11.0, true", "6.1.0-44-amd64, true", "odd, false"})
  void isAvailableIn_release_isSinceLinux511(String release, boolean expected) {
    assertThat(CoarseClock.isAvailableIn(release)).isEqualTo(expected);
  }
}
