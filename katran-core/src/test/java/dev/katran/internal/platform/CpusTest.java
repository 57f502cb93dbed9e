package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpusTest {

  @ParameterizedTest
  @CsvSource({"0, 1", "'0-3\n', 4", "'0-1,4,6-7', 5", "0-127, 128", "0-255, 128"})
  void of_list_countsThoseOnline(String list, int online) {
    assertThat(Cpus.of(128, IdList.parse(list))).isEqualTo(new Cpus(128, online));
  }

  @ParameterizedTest
  @CsvSource({"''", "none", "0-", "-3", "'0,,1'", "3-1", "99999999999"})
  void of_otherFormat_assumesAllAreOnline(String list) {
    assertThat(Cpus.of(128, IdList.parse(list))).isEqualTo(new Cpus(128, 128));
  }

  @Nested
  @NeedsKernel
  class OfThisMachine {

    @Test
    void ofThisMachine_online_isNotMoreThanPossible() {
      Cpus cpus = Cpus.ofThisMachine();
      assertThat(cpus.online()).isBetween(1, cpus.possible());
    }
  }
}
