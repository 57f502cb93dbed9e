package dev.katran.examples.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.examples.replay.scenario.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Replays all golden packets. */
@Tag("kernel")
class GoldenPacketsTest {

  private static final int ROWS = 79;

  @ParameterizedTest
  @EnumSource
  void run_everyRow_passes(Dataplane dataplane) throws IOException {
    Requirements.available(dataplane);
    StringWriter text = new StringWriter();
    Report report = new Report(new PrintWriter(text));
    for (Path folder : folders()) {
      Scenario scenario = Scenario.read(folder);
      report.add(scenario, List.of(ScenarioRun.of(scenario, dataplane)));
    }
    report.finish();
    assertThat(text.toString()).endsWith("replay: %d passed, 0 failed%n".formatted(ROWS));
  }

  @Test
  void command_bothDataplanes_pass() throws IOException {
    Requirements.available(Dataplane.KERNEL);
    ReplayRun run = ReplayRun.of(folders().stream().map(Path::toString).toArray(String[]::new));
    assertThat(run.exitCode()).as(run.out()).isZero();
    assertThat(run.lines())
        .hasSize(folders().size() + 1)
        .endsWith("replay: %d passed, 0 failed".formatted(ROWS));
  }

  private static List<Path> folders() throws IOException {
    try (Stream<Path> all = Files.list(Requirements.golden())) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }
}
