package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.fuzz.invariants.Invariant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Injects the same fault into both dataplanes, which only the invariants can find. */
class InvariantReportTest {

  private static final int ATTEMPTS = 10_000;

  /** In the outer header, the low byte of the checksum. */
  private static final int CHECKSUM = InvariantFixture.OUTER + 11;

  @TempDir Path folder;

  private static final DifferentialPair.Factories WRONG_ALIKE =
      new DifferentialPair.Factories(
          config -> BrokenDataplane.open(config, InvariantReportTest::falsifyChecksum),
          config -> BrokenDataplane.open(config, InvariantReportTest::falsifyChecksum));

  private static Object falsifyChecksum(String method, Object[] arguments, Object answer) {
    if (answer instanceof Simulation simulation && simulation.verdict() == Verdict.TX) {
      byte[] sent = simulation.frame();
      sent[CHECKSUM] ^= 1;
      return new Simulation(Verdict.TX, sent);
    }
    return answer;
  }

  private static Mismatch find() {
    List<Operation> operations = new ArrayList<>(InvariantFixture.operations());
    operations.add(new Operation.RunFrame(InvariantFixture.tcp(2)));
    return Objects.requireNonNull(
        WRONG_ALIKE.run(new TestCase(InvariantFixture.CONFIG, operations)),
        "no broken invariant was found");
  }

  @Test
  void run_dataplanesWrongAlike_breaksAnInvariant() {
    assertThat(find().comparison().brokenInvariants()).containsExactly(Invariant.CHECKSUMS);
  }

  @Test
  void shrink_brokenInvariant_isStillBroken() {
    Mismatch smallest = Shrinker.shrink(WRONG_ALIKE, find(), ATTEMPTS);

    assertThat(smallest.comparison().brokenInvariants()).contains(Invariant.CHECKSUMS);
    assertThat(smallest.testCase().operations())
        .hasSizeLessThan(InvariantFixture.operations().size());
  }

  @Test
  void write_brokenInvariant_reportsWhatIsWrong() throws IOException {
    String report = MismatchReport.write(folder, 77, find(), WRONG_ALIKE);

    assertThat(report)
        .startsWith("the dataplanes agree, but an invariant is broken")
        .contains("seed       77", "CHECKSUMS: ", "the outer header checksum is wrong");
  }
}
