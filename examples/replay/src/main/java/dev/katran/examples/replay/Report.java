package dev.katran.examples.replay;

import dev.katran.Simulation;
import dev.katran.examples.replay.decode.FrameDecoder;
import dev.katran.examples.replay.decode.Header;
import dev.katran.examples.replay.decode.SideBySide;
import dev.katran.examples.replay.scenario.Row;
import dev.katran.examples.replay.scenario.Scenario;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Prints how scenarios went, and counts their rows. */
final class Report {

  private final PrintWriter out;
  private int passed;
  private int failed;

  Report(PrintWriter out) {
    this.out = out;
  }

  /** A scenario that could not be read; it counts as a row that failed. */
  void unreadable(String folder, String why) {
    failed++;
    out.printf("%s: cannot be read: %s%n", folder, why);
  }

  /** A scenario as it went on each dataplane: a row has passed if it has on all of them. */
  void played(Scenario scenario, List<Playthrough> playthroughs) {
    List<Row> rows = scenario.rows();
    int right = 0;
    for (int i = 0; i < rows.size(); i++) {
      int row = i;
      if (playthroughs.stream().allMatch(each -> each.isRight(row, rows.get(row)))) {
        right++;
      }
    }
    int wrong = rows.size() - right;
    if (wrong == 0 && playthroughs.stream().anyMatch(each -> each.stopped().isPresent())) {
      wrong = 1;
    }
    passed += right;
    failed += wrong;
    out.printf(
        "%s: %d passed%s%n", scenario.name(), right, wrong == 0 ? "" : ", " + wrong + " failed");
    playthroughs.forEach(each -> printFailures(scenario, each));
  }

  private void printFailures(Scenario scenario, Playthrough playthrough) {
    List<Row> rows = scenario.rows();
    playthrough
        .stopped()
        .ifPresent(why ->
            out.printf(
                "  ended before row %d of %d on %s: %s%n",
                playthrough.outcomes().size() + 1, rows.size(), playthrough.dataplane(), why));
    for (int i = 0; i < playthrough.outcomes().size(); i++) {
      Row row = rows.get(i);
      Outcome outcome = playthrough.outcomes().get(i);
      if (!outcome.isRight(row)) {
        out.printf("%n%s, %s, on %s%n", scenario.name(), row, playthrough.dataplane());
        print(row, outcome, scenario.config().guePort());
      }
    }
  }

  private void print(Row row, Outcome outcome, int guePort) {
    switch (outcome) {
      case Outcome.NotRun(String why) -> out.printf("  not run: %s%n", why);
      case Outcome.Ran(Simulation actual) -> {
        out.printf("  input %s%n", row.input());
        SideBySide.of(
                "expected", decode(row.expected(), guePort), "actual", decode(actual, guePort))
            .forEach(out::println);
        out.println();
      }
    }
  }

  /** What became of a frame, as if that were a header in front of it. */
  static List<Header> decode(Simulation simulation, int guePort) {
    byte[] frame = simulation.frame();
    List<Header> headers = new ArrayList<>();
    headers.add(
        new Header(
            "Frame",
            List.of(
                new Header.Field("verdict", simulation.verdict().toString()),
                new Header.Field("length", String.valueOf(frame.length)))));
    headers.addAll(FrameDecoder.decode(frame, guePort));
    return headers;
  }

  /** The last line; returns whether no row has failed. */
  boolean conclude() {
    out.printf("replay: %d passed, %d failed%n", passed, failed);
    return failed == 0;
  }
}
