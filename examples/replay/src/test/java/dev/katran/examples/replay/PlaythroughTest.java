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

/** Nothing wrong may pass. */
class PlaythroughTest {

  @TempDir Path folder;

  private boolean passes(String verdict, String input, String output) throws IOException {
    Folder.rows(folder, Folder.row("1", verdict, input, output));
    Folder.scenario(folder, Folder.CONFIG, Folder.EMPTY_VIP, Folder.PACKETS);
    Scenario scenario = Scenario.read(folder);
    Row row = scenario.rows().getFirst();
    return Playthrough.of(scenario, Dataplane.JAVA).isRight(0, row);
  }

  @Test
  void whatIsAsWrittenPasses() throws IOException {
    assertThat(passes("DROP", Frames.TCP_V4, Frames.TCP_V4)).isTrue();
    assertThat(passes("PASS", Frames.UDP_V4, Frames.UDP_V4)).isTrue();
  }

  @Test
  void anotherVerdictFails() throws IOException {
    assertThat(passes("TX", Frames.TCP_V4, Frames.TCP_V4)).isFalse();
    assertThat(passes("PASS", Frames.TCP_V4, Frames.TCP_V4)).isFalse();
    assertThat(passes("DROP", Frames.UDP_V4, Frames.UDP_V4)).isFalse();
  }

  @Test
  void anotherByteFails() throws IOException {
    int last = Frames.UDP_V4.length() - 2;
    assertThat(passes("PASS", Frames.UDP_V4, Frames.UDP_V4.substring(0, last) + "68")).isFalse();
    assertThat(passes("PASS", Frames.UDP_V4, "03" + Frames.UDP_V4.substring(2))).isFalse();
  }

  @Test
  void anotherLengthFails() throws IOException {
    assertThat(passes("PASS", Frames.UDP_V4, Frames.UDP_V4 + "00")).isFalse();
    assertThat(passes("PASS", Frames.UDP_V4 + "00", Frames.UDP_V4)).isFalse();
  }

  @Test
  void aFrameThatCannotBeRunFailsAlone() throws IOException {
    Folder.rows(
        folder,
        Folder.row("1", "PASS", "0200", "0200"),
        Folder.row("2", "PASS", Frames.UDP_V4, Frames.UDP_V4));
    Folder.scenario(folder, Folder.CONFIG, Folder.PACKETS);
    Scenario scenario = Scenario.read(folder);
    Playthrough playthrough = Playthrough.of(scenario, Dataplane.JAVA);
    assertThat(playthrough.outcomes().getFirst())
        .isEqualTo(new Outcome.NotRun("a frame of 2 bytes: a simulated one has 14 to 3520"));
    assertThat(playthrough.isRight(1, scenario.rows().get(1))).isTrue();
  }

  @Test
  void aStepThatIsRefusedEndsTheScenario() throws IOException {
    Folder.rows(folder, Folder.row("1", "PASS", Frames.UDP_V4, Frames.UDP_V4));
    Folder.scenario(
        folder,
        Folder.CONFIG,
        Folder.PACKETS,
        Folder.EMPTY_VIP,
        """
        {"remove": {"address": "203.0.113.10", "port": 443, "protocol": "tcp",
         "backend": "10.0.0.9"}}\
        """,
        Folder.PACKETS);
    Scenario scenario = Scenario.read(folder);
    Playthrough playthrough = Playthrough.of(scenario, Dataplane.JAVA);
    assertThat(playthrough.stopped())
        .contains("step 3: 10.0.0.9 is not a backend of tcp 203.0.113.10:443");
    assertThat(playthrough.isRight(0, scenario.rows().get(0))).isTrue();
    assertThat(playthrough.isRight(1, scenario.rows().get(1))).isFalse();
  }

  @Test
  void stateCarriesOverFromStepToStep() throws IOException {
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
    Folder.rows(folder, Folder.row("1", "TX", Frames.UDP_V4, "00"));
    Folder.scenario(
        folder,
        Folder.CONFIG + ", \"tracking\": \"ALWAYS\"",
        vip,
        Folder.PACKETS,
        remove.formatted("10.0.0.1"),
        Folder.PACKETS,
        remove.formatted("10.0.0.2"),
        Folder.PACKETS);
    // whichever of them the flow is at, it stays there, and for it alone the ring is not empty
    List<Outcome> outcomes = Playthrough.of(Scenario.read(folder), Dataplane.JAVA).outcomes();
    assertThat(outcomes).hasSize(3).containsOnly(outcomes.getFirst());
    assertThat(outcomes.getFirst())
        .isInstanceOfSatisfying(
            Outcome.Ran.class, ran -> assertThat(ran.actual().verdict()).isEqualTo(Verdict.TX));
  }
}
