package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestRunOptionsTest {

  @Test
  void default_isOneRun() {
    assertThat(TestRunOptions.DEFAULT).isEqualTo(new TestRunOptions(1, 0, 0, 0));
  }

  @Test
  void options_setOneByOne_areKept() {
    assertThat(TestRunOptions.DEFAULT.repeat(2).flags(3).cpu(4).batchSize(5))
        .isEqualTo(new TestRunOptions(2, 3, 4, 5));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 'repeat 0, must be at least 1'",
    "1, -1, 0, 'cpu -1, must be at least 0'",
    "1, 0, -2, 'batchSize -2, must be at least 0'",
  })
  void options_outOfRange_throw(int repeat, int cpu, int batchSize, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TestRunOptions(repeat, 0, cpu, batchSize))
        .withMessage(message);
  }
}
