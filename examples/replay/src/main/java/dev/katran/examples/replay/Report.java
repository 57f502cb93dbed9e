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

/** Prints the results of scenarios and counts passed and failed rows. */
final class Report {

  private final PrintWriter out;
  private int passed;
  private int failed;

  Report(PrintWriter out) {
    this.out = out;
  }

  /** Reports a scenario that could not be read; counts as a failed row. */
  void addUnreadable(String folder, String reason) {
    failed++;
    out.printf("%s: cannot be read: %s%n", folder, reason);
  }

  /** Reports the runs of a scenario. A row passes if it passes in all of them. */
  void add(Scenario scenario, List<ScenarioRun> runs) {
    List<Row> rows = scenario.rows();
    int right = 0;
    for (int i = 0; i < rows.size(); i++) {
      int row = i;
      if (runs.stream().allMatch(each -> each.passes(row, rows.get(row)))) {
        right++;
      }
    }
    int wrong = rows.size() - right;
    if (wrong == 0 && runs.stream().anyMatch(each -> each.stopped().isPresent())) {
      wrong = 1;
    }
    passed += right;
    failed += wrong;
    out.printf(
        "%s: %d passed%s%n", scenario.name(), right, wrong == 0 ? "" : ", " + wrong + " failed");
    runs.forEach(each -> printFailures(scenario, each));
  }

  private void printFailures(Scenario scenario, ScenarioRun run) {
    List<Row> rows = scenario.rows();
    run.stopped()
        .ifPresent(reason ->
            out.printf(
                "  stopped before row %d of %d on %s: %s%n",
                run.outcomes().size() + 1, rows.size(), run.dataplane(), reason));
    for (int i = 0; i < run.outcomes().size(); i++) {
      Row row = rows.get(i);
      Outcome outcome = run.outcomes().get(i);
      if (!outcome.passes(row)) {
        out.printf("%n%s, %s, on %s%n", scenario.name(), row, run.dataplane());
        print(row, outcome, scenario.config().guePort());
      }
    }
  }

  private void print(Row row, Outcome outcome, int guePort) {
    switch (outcome) {
      case Outcome.NotRun(String reason) -> out.printf("  not run: %s%n", reason);
      case Outcome.Ran(Simulation actual) -> {
        out.printf("  input %s%n", row.input());
        SideBySide.of(
                "expected", decode(row.expected(), guePort), "actual", decode(actual, guePort))
            .forEach(out::println);
        out.println();
      }
    }
  }

  /** Decodes the result of a frame, with the verdict and the length as a header of their own. */
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

  /** Prints the last line and returns whether no row failed. */
  boolean finish() {
    out.printf("replay: %d passed, %d failed%n", passed, failed);
    return failed == 0;
  }
}
