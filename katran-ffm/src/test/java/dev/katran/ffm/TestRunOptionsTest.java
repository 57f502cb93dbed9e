package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TestRunOptionsTest {

  @Test
  void defaultIsOneRun() {
    assertThat(TestRunOptions.DEFAULT).isEqualTo(new TestRunOptions(1, 0, 0, 0));
  }

  @Test
  void eachOptionCanBeSetByItself() {
    assertThat(TestRunOptions.DEFAULT.repeat(2).flags(3).cpu(4).batchSize(5))
        .isEqualTo(new TestRunOptions(2, 3, 4, 5));
  }

  @Test
  void illegalNumbersAreRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestRunOptions.DEFAULT.repeat(0))
        .withMessage("repeat 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestRunOptions.DEFAULT.cpu(-1))
        .withMessage("cpu -1");
  }
}
