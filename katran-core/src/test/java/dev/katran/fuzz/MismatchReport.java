package dev.katran.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** Reports a mismatch as text and as a scenario folder that can be replayed. */
final class MismatchReport {

  private MismatchReport() {}

  /**
   * Writes the scenario folder and returns the text of the report.
   *
   * @param folder the folder to create
   * @param seed the seed of the workload that showed the mismatch
   * @param mismatch the mismatch, already shrunk
   */
  static String write(
      Path folder, long seed, Mismatch mismatch, DifferentialPair.Factories factories)
      throws IOException {
    TestCase testCase = mismatch.testCase();
    Set<String> unsupported =
        ScenarioFolder.write(folder, "fuzz-seed-" + seed, testCase, factories.expected());
    StringBuilder text =
        new StringBuilder(
            mismatch.comparison().brokenInvariants().isEmpty()
                ? "the dataplanes disagree\n"
                : "the dataplanes agree, but an invariant is broken\n");
    line(text, "seed", seed);
    line(text, "config", testCase.config());
    testCase.operations().forEach(operation -> line(text, "operation", operation));
    if (testCase.last() instanceof Operation.RunFrame run) {
      line(text, "frame", FrameText.of(run.frame()));
    }
    line(text, "expected", mismatch.comparison().expectedText());
    line(text, "actual", mismatch.comparison().actualText());
    line(text, "replay", folder);
    if (!unsupported.isEmpty()) {
      line(text, "omitted", String.join("; ", unsupported));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String label, Object value) {
    text.append("%-11s".formatted(label)).append(value).append('\n');
  }
}
