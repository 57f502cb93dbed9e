package dev.katran.examples.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Verdict;
import dev.katran.examples.replay.scenario.Row;
import dev.katran.examples.replay.scenario.Scenario;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScenarioRunTest {

  @TempDir Path folder;

  private boolean passes(String verdict, String input, String output) throws IOException {
    ScenarioFolder.rows(folder, ScenarioFolder.row("1", verdict, input, output));
    ScenarioFolder.scenario(
        folder, ScenarioFolder.CONFIG, ScenarioFolder.EMPTY_VIP, ScenarioFolder.PACKETS);
    Scenario scenario = Scenario.read(folder);
    Row row = scenario.rows().getFirst();
    return ScenarioRun.of(scenario, Dataplane.JAVA).passes(0, row);
  }

  @Test
  void passes_expectedResult_true() throws IOException {
    assertThat(passes("DROP", TestFrames.TCP_V4, TestFrames.TCP_V4)).isTrue();
    assertThat(passes("PASS", TestFrames.UDP_V4, TestFrames.UDP_V4)).isTrue();
  }

  @Test
  void passes_otherVerdict_false() throws IOException {
    assertThat(passes("TX", TestFrames.TCP_V4, TestFrames.TCP_V4)).isFalse();
    assertThat(passes("PASS", TestFrames.TCP_V4, TestFrames.TCP_V4)).isFalse();
    assertThat(passes("DROP", TestFrames.UDP_V4, TestFrames.UDP_V4)).isFalse();
  }

  @Test
  void passes_otherByte_false() throws IOException {
    int last = TestFrames.UDP_V4.length() - 2;
    assertThat(passes("PASS", TestFrames.UDP_V4, TestFrames.UDP_V4.substring(0, last) + "68"))
        .isFalse();
    assertThat(passes("PASS", TestFrames.UDP_V4, "03" + TestFrames.UDP_V4.substring(2))).isFalse();
  }

  @Test
  void passes_otherLength_false() throws IOException {
    assertThat(passes("PASS", TestFrames.UDP_V4, TestFrames.UDP_V4 + "00")).isFalse();
    assertThat(passes("PASS", TestFrames.UDP_V4 + "00", TestFrames.UDP_V4)).isFalse();
  }

  @Test
  void of_invalidFrame_failsOnlyItsRow() throws IOException {
    ScenarioFolder.rows(
        folder,
        ScenarioFolder.row("1", "PASS", "0200", "0200"),
        ScenarioFolder.row("2", "PASS", TestFrames.UDP_V4, TestFrames.UDP_V4));
    ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG, ScenarioFolder.PACKETS);
    Scenario scenario = Scenario.read(folder);
    ScenarioRun run = ScenarioRun.of(scenario, Dataplane.JAVA);
    assertThat(run.outcomes().getFirst())
        .isEqualTo(new Outcome.NotRun("frame length 2 is out of range: must be 14 to 3520 bytes"));
    assertThat(run.passes(1, scenario.rows().get(1))).isTrue();
  }

  @Test
  void of_refusedStep_stops() throws IOException {
    ScenarioFolder.rows(
        folder, ScenarioFolder.row("1", "PASS", TestFrames.UDP_V4, TestFrames.UDP_V4));
    ScenarioFolder.scenario(
        folder,
        ScenarioFolder.CONFIG,
        ScenarioFolder.PACKETS,
        ScenarioFolder.EMPTY_VIP,
        """
        {"remove": {"address": "203.0.113.10", "port": 443, "protocol": "tcp",
         "backend": "10.0.0.9"}}\
        """,
        ScenarioFolder.PACKETS);
    Scenario scenario = Scenario.read(folder);
    ScenarioRun run = ScenarioRun.of(scenario, Dataplane.JAVA);
    assertThat(run.stopped()).contains("step 3: 10.0.0.9 is not a backend of tcp 203.0.113.10:443");
    assertThat(run.passes(0, scenario.rows().get(0))).isTrue();
    assertThat(run.passes(1, scenario.rows().get(1))).isFalse();
  }

  @Test
  void of_laterSteps_keepState() throws IOException {
    String backends = "[{\"address\": \"10.0.0.1\"}, {\"address\": \"10.0.0.2\"}]";
    String vip =
        """
        {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp", "backends": %s}}\
        """
            .formatted(backends);
    String remove =
        """
        {"remove": {"address": "203.0.113.10", "port": 53, "protocol": "udp", "backend": "%s"}}\
        """;
    ScenarioFolder.rows(folder, ScenarioFolder.row("1", "TX", TestFrames.UDP_V4, "00"));
    ScenarioFolder.scenario(
        folder,
        ScenarioFolder.CONFIG + ", \"tracking\": \"ALWAYS\"",
        vip,
        ScenarioFolder.PACKETS,
        remove.formatted("10.0.0.1"),
        ScenarioFolder.PACKETS,
        remove.formatted("10.0.0.2"),
        ScenarioFolder.PACKETS);
    // the flow stays at its backend even after that has left the ring, and even if the ring is
    // empty
    List<Outcome> outcomes = ScenarioRun.of(Scenario.read(folder), Dataplane.JAVA).outcomes();
    assertThat(outcomes).hasSize(3).containsOnly(outcomes.getFirst());
    assertThat(outcomes.getFirst())
        .isInstanceOfSatisfying(
            Outcome.Ran.class, ran -> assertThat(ran.actual().verdict()).isEqualTo(Verdict.TX));
  }
}
