package dev.katran.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.LoadBalancer;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The player itself: it must not let anything wrong pass, nor leave anything out in silence. */
class ScenarioPlayerTest {

  private static final Set<Feature> NOTHING = EnumSet.noneOf(Feature.class);

  private static final String CONFIG =
      """
      {"name": "small", "config": {"gatewayMac": "00:00:de:ad:be:af", "encapsulation": "ipip",
       "tracking": "ALWAYS", "maxVips": 8, "ringSize": 13, "maxPacketSize": 1514,
       "icmpTooBig": false, "inlineDecapsulation": false, "strictDecapsulation": false,
       "tcpServerIdRouting": false},
       "steps": [%s]}\
      """;

  private static final String UNSERVED_VIP =
      """
      {"vip": {"address": "203.0.113.10", "port": 443, "protocol": "tcp", "flags": [%s],
       "backends": [%s]}}\
      """;

  private static final String PACKETS = "{\"packets\": \"rows.tsv\"}";

  private static final String TO_VIP =
      Hex.of(Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).frame());
  private static final String TO_OTHER =
      Hex.of(Packet.tcp("198.51.100.7", 49152, "203.0.113.11", 443).frame());

  @TempDir Path folder;

  @Test
  void whatIsAsWrittenPasses() throws Throwable {
    rows(row("1", "DROP", TO_VIP, TO_VIP), row("2", "PASS", TO_OTHER, TO_OTHER));
    play(scenario(UNSERVED_VIP.formatted("", ""), PACKETS));
  }

  @Test
  void anotherVerdictFailsAndSaysWhichRowItIs() throws IOException {
    rows(row("17", "TX", TO_VIP, TO_VIP));
    Scenario scenario = scenario(UNSERVED_VIP.formatted("", ""), PACKETS);
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> play(scenario))
        .withMessageContaining("row 17: what row 17 is about")
        .withMessageContaining("expected   TX   " + TO_VIP)
        .withMessageContaining("but was    DROP " + TO_VIP);
  }

  @Test
  void anotherByteFailsAndShowsWhere() throws IOException {
    String expected = TO_OTHER.substring(0, 30) + "ee" + TO_OTHER.substring(32);
    rows(row("1", "PASS", TO_OTHER, expected));
    Scenario scenario = scenario(PACKETS);
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> play(scenario))
        .satisfies(error -> {
          List<String> lines = error.getMessage().lines().toList();
          String expectedLine = lines.get(lines.size() - 3);
          String mark = lines.get(lines.size() - 1);
          assertThat(mark).endsWith("^ byte 15");
          assertThat(expectedLine.substring(mark.indexOf('^'))).startsWith("ee");
        });
  }

  @Test
  void aShorterFrameFails() throws IOException {
    rows(row("1", "PASS", TO_OTHER, TO_OTHER + "00"));
    Scenario scenario = scenario(PACKETS);
    assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> play(scenario));
  }

  @Test
  void rowsToAVipThatNeedsAFeatureAreLeftOutByItsName() throws Throwable {
    rows(row("1", "TX", TO_VIP, "00"), row("2", "PASS", TO_OTHER, TO_OTHER));
    ScenarioPlayer player = play(scenario(UNSERVED_VIP.formatted("\"QUIC\"", ""), PACKETS));
    assertThat(player.leftOut()).containsOnlyKeys(Feature.QUIC);
    assertThat(player.leftOut().get(Feature.QUIC)).extracting(Row::id).containsExactly("1");
  }

  @Test
  void flagsThatAreAddedLaterLeaveOutOnlyWhatComesLater() throws Throwable {
    rows(row("1", "DROP", TO_VIP, TO_VIP));
    String flags =
        """
        {"flags": {"address": "203.0.113.10", "port": 443, "protocol": "tcp",
         "add": ["SOURCE_ROUTING"]}}\
        """;
    ScenarioPlayer player = play(scenario(UNSERVED_VIP.formatted("", ""), PACKETS, flags, PACKETS));
    assertThat(player.leftOut().get(Feature.SOURCE_ROUTING)).hasSize(1);
  }

  @Test
  void rowsToAPrefixAreLeftOut() throws Throwable {
    rows(row("1", "TX", TO_VIP, "00"), row("2", "TX", TO_OTHER, "00"));
    String vip =
        """
        {"vip": {"address": "203.0.113.8", "prefixLength": 29, "port": 443, "protocol": "tcp",
         "flags": [], "backends": []}}\
        """;
    assertThat(play(scenario(vip, PACKETS)).leftOut().get(Feature.CIDR)).hasSize(2);
  }

  @Test
  void rowsAfterAChangeOfTheRingNeedTheFlowTable() throws Throwable {
    rows(row("1", "PASS", TO_OTHER, TO_OTHER));
    String backend = "{\"address\": \"10.0.0.1\", \"weight\": 1}";
    String remove =
        """
        {"remove": {"address": "203.0.113.10", "port": 443, "protocol": "tcp",
         "backend": "10.0.0.1"}}\
        """;
    String vip = UNSERVED_VIP.formatted("", backend);
    assertThat(play(scenario(vip, remove, PACKETS)).leftOut()).isEmpty();
    assertThat(play(scenario(vip, PACKETS, remove, PACKETS)).leftOut()).isEmpty();

    rows(row("1", "DROP", TO_VIP, TO_VIP));
    assertThat(play(scenario(vip, remove, PACKETS)).leftOut()).isEmpty();
    rows(row("1", "PASS", TO_OTHER, TO_OTHER));
    Files.writeString(folder.resolve("later.tsv"), row("2", "TX", TO_VIP, "00"));
    Scenario changed = scenario(vip, PACKETS, remove, "{\"packets\": \"later.tsv\"}");
    assertThat(play(changed).leftOut().get(Feature.FLOW_TABLE)).hasSize(1);
  }

  @Test
  void aConfigurationThatNeedsAFeatureLeavesOutAllRows() throws Throwable {
    rows(row("1", "PASS", TO_OTHER, TO_OTHER));
    Files.writeString(
        folder.resolve("scenario.json"),
        CONFIG.formatted(PACKETS).replace("\"icmpTooBig\": false", "\"icmpTooBig\": true"));
    assertThat(play(Scenario.read(folder)).leftOut()).containsOnlyKeys(Feature.ICMP_TOO_BIG);
  }

  @Test
  void anUnknownStepOrFlagIsRefused() throws IOException {
    rows();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scenario("{\"reboot\": {}}"))
        .withMessage("unknown step reboot");
    Scenario scenario = scenario(UNSERVED_VIP.formatted("\"FAST\"", ""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> play(scenario))
        .withMessage("unknown flag FAST");
  }

  private Scenario scenario(String... steps) throws IOException {
    Files.writeString(folder.resolve("scenario.json"), CONFIG.formatted(String.join(",", steps)));
    return Scenario.read(folder);
  }

  private void rows(String... rows) throws IOException {
    List<String> lines = new ArrayList<>(List.of("#id\tdescription\tverdict\tinput\toutput"));
    lines.addAll(List.of(rows));
    Files.write(folder.resolve("rows.tsv"), lines);
  }

  private static String row(String id, String verdict, String input, String output) {
    return String.join("\t", id, "what row " + id + " is about", verdict, input, output);
  }

  private static ScenarioPlayer play(Scenario scenario) throws Throwable {
    ScenarioPlayer player = new ScenarioPlayer(scenario, NOTHING);
    try (LoadBalancer balancer = scenario.configure(LoadBalancer.inMemory()).open()) {
      for (DynamicTest test : player.tests(balancer)) {
        test.getExecutable().execute();
      }
    }
    return player;
  }
}
