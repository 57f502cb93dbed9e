package dev.katran.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** Tells of a difference: as text, and as a folder to replay. */
final class Report {

  private Report() {}

  /**
   * Writes the folder, and returns the text.
   *
   * @param folder is made
   * @param finding the smallest one there is
   */
  static String write(Path folder, long seed, Finding finding, Duel.Parties parties)
      throws IOException {
    Set<String> unexpressed =
        ScenarioFolder.write(folder, "fuzz-seed-" + seed, finding.trial(), parties.expected());
    StringBuilder text =
        new StringBuilder("the dataplanes differ\n")
            .append("seed       ")
            .append(seed)
            .append("\nconfig     ")
            .append(finding.trial().config())
            .append('\n');
    for (Operation operation : finding.trial().operations()) {
      text.append("operation  ").append(operation).append('\n');
    }
    if (finding.trial().last() instanceof Operation.Feed feed) {
      text.append("the frame  ").append(FrameText.of(feed.frame())).append('\n');
    }
    text.append("expected   ")
        .append(finding.difference().expectedText())
        .append("\nbut was    ")
        .append(finding.difference().actualText())
        .append("\nto replay  ")
        .append(folder)
        .append('\n');
    if (!unexpressed.isEmpty()) {
      text.append("but there  what cannot be said is: ")
          .append(String.join("; ", unexpressed))
          .append('\n');
    }
    return text.toString();
  }
}
