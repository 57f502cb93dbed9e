package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplesTest {

  private static Samples of(int... values) {
    Samples samples = new Samples();
    IntStream.of(values).forEach(samples::add);
    return samples;
  }

  @Test
  void percentile_manyValues_nearestRank() {
    Samples samples = of(IntStream.rangeClosed(1, 5000).map(i -> 5001 - i).toArray());
    assertThat(samples.percentile(50)).isEqualTo(2500);
    assertThat(samples.percentile(90)).isEqualTo(4500);
    assertThat(samples.percentile(99)).isEqualTo(4950);
    assertThat(samples.percentile(100)).isEqualTo(5000);
  }

  @Test
  void percentile_fewValues_nearestRank() {
    assertThat(of(7).percentile(1)).isEqualTo(7);
    assertThat(of(7).percentile(99)).isEqualTo(7);
    assertThat(of(3, 1, 2).percentile(50)).isEqualTo(2);
    assertThat(of(3, 1, 2).percentile(90)).isEqualTo(3);
  }

  @Test
  void clear_values_areRemoved() {
    Samples samples = of(100, 200);
    samples.clear();
    samples.add(1);
    assertThat(samples.size()).isEqualTo(1);
    assertThat(samples.percentile(100)).isEqualTo(1);
  }

  @Test
  void percentile_outOfRangeOrNoValues_throws() {
    assertThatIllegalStateException().isThrownBy(() -> of().percentile(50));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(1).percentile(0))
        .withMessage("percentile 0 is not in 1..100");
    assertThatIllegalArgumentException().isThrownBy(() -> of(1).percentile(101));
  }
}
