package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class VerifierStatisticsTest {

  @Test
  void parse_logWithStatistics_returnsThem() {
    String log =
        """
        0: R1=ctx() R10=fp0
        verification time 1234 usec
        stack depth 64+32
        processed 5678 insns (limit 1000000) max_states_per_insn 4 total_states 90 peak_states 12 \
        mark_read 3
        """;

    assertThat(VerifierStatistics.parse(log))
        .hasValue(new VerifierStatistics(Duration.ofNanos(1_234_000), 5678, 90, 12));
  }

  @Test
  void parse_otherLog_returnsEmpty() {
    assertThat(VerifierStatistics.parse("")).isEmpty();
    assertThat(VerifierStatistics.parse("verification time 1234 usec\n")).isEmpty();
  }
}
