package dev.katran.examples.replay.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.Decapsulation;
import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.NextHop;
import dev.katran.Simulation;
import dev.katran.Tracking;
import dev.katran.TrafficClass;
import dev.katran.Verdict;
import dev.katran.examples.replay.ScenarioFolder;
import dev.katran.examples.replay.TestFrames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScenarioTest {

  @TempDir Path folder;

  private Config config(String more) throws IOException {
    return Scenario.readSetup(ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG + more))
        .config();
  }

  private ThrowableAssertAlternative<IllegalArgumentException> refused(
      String moreConfig, String... steps) throws IOException {
    ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG + moreConfig, steps);
    return assertThatIllegalArgumentException().isThrownBy(() -> Scenario.read(folder));
  }

  @Test
  void config_absentFields_haveDefaults() throws IOException {
    assertThat(config(""))
        .isEqualTo(
            new Config(
                NextHop.via("00:00:de:ad:be:af"),
                Forwarding.ipip(),
                Tracking.NONE,
                Limits.defaults(),
                false,
                Decapsulation.OFF,
                false,
                TrafficClass.copied(),
                6080,
                List.of()));
  }

  @Test
  void config_allFields_areRead() throws IOException {
    assertThat(
            config(
                """
                , "encapsulation": "gue", "tracking": "ALWAYS", "maxVips": 16, "ringSize": 13,
                "maxPacketSize": 1600, "icmpTooBig": true, "inlineDecapsulation": true,
                "strictDecapsulation": true, "tcpServerIdRouting": true, "trafficClass": 184,
                "guePort": 9886, "sourceV4": "10.0.13.37", "sourceV6": "fc00:2307::1337"\
                """))
        .isEqualTo(
            new Config(
                NextHop.via("00:00:de:ad:be:af"),
                Forwarding.gue(),
                Tracking.ALWAYS,
                Limits.defaults().vips(16).hashSeed(16).ringSize(13).maxPacketSize(1600),
                true,
                Decapsulation.STRICT,
                true,
                TrafficClass.fixed(184),
                9886,
                List.of("10.0.13.37", "fc00:2307::1337")));
    assertThat(config(", \"inlineDecapsulation\": true").decapsulation())
        .isEqualTo(Decapsulation.ANY);
  }

  @Test
  void read_packets_readsTheirTable() throws IOException {
    ScenarioFolder.rows(
        folder, ScenarioFolder.row("1", "TX", TestFrames.UDP_V4.toUpperCase(Locale.ROOT), "00ff"));
    ScenarioFolder.scenario(
        folder, ScenarioFolder.CONFIG, ScenarioFolder.PACKETS, ScenarioFolder.PACKETS);
    Row row =
        new Row(
            "1",
            "description of row #1",
            TestFrames.UDP_V4,
            new Simulation(Verdict.TX, new byte[] {0, -1}));
    assertThat(Scenario.read(folder).rows()).containsExactly(row, row);
  }

  @Test
  void readSetup_missingTable_isIgnored() throws IOException {
    Path file =
        ScenarioFolder.scenario(
            folder, ScenarioFolder.CONFIG, ScenarioFolder.EMPTY_VIP, ScenarioFolder.PACKETS);
    assertThat(Scenario.readSetup(file).steps()).hasSize(2).contains(new Step.Packets(List.of()));
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> Scenario.read(folder))
        .withMessageContaining("rows.tsv");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x\tabout\tTX\t00 | row has 4 cells instead of 5",
        "x\tabout\tSENT\t00\t00 | unknown verdict SENT, expected one of [TX, PASS, DROP]",
        "x\tabout\tTX\t0\t00 | string length not even: 1",
        "x\tabout\tTX\t00\t0g | not a hexadecimal digit: \"g\""
      })
  void read_invalidRow_throws(String line, String message) throws IOException {
    ScenarioFolder.rows(folder, "", "# a comment", line);
    refused("", ScenarioFolder.PACKETS)
        .withMessageStartingWith("step 1 (packets): rows.tsv, line 4: ")
        .withMessageContaining(message);
  }

  @Test
  void read_unknownField_throws() throws IOException {
    refused(", \"colour\": \"red\"").withMessage("config has the unknown field colour");
    refused("", ScenarioFolder.EMPTY_VIP.replace("\"port\"", "\"ports\": [], \"port\""))
        .withMessage("step 1 (vip) has the unknown field ports");
    refused(
            "",
            ScenarioFolder.EMPTY_VIP.replace(
                "\"port\"", "\"backends\": [{\"address\": \"10.0.0.1\", \"zone\": 1}], \"port\""))
        .withMessage("a backend of step 1 (vip) has the unknown field zone");
    Path file = folder.resolve("scenario.json");
    Files.writeString(file, Files.readString(file).replace("\"name\"", "\"age\": 3, \"name\""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Scenario.readSetup(file))
        .withMessageContaining("unknown field");
  }

  @Test
  void read_unknownStep_throws() throws IOException {
    refused("", ScenarioFolder.EMPTY_VIP, "{\"reboot\": {}}")
        .withMessage("step 2 (reboot): unknown step reboot");
    refused("", "{}").withMessage("step 1 must have exactly one key, its kind, but has []");
    refused("", "[]").withMessage("step 1 is not an object but []");
    refused("", "{\"vip\": 7}").withMessage("step 1 (vip) is not an object but 7");
  }

  @Test
  void read_unknownConstant_throws() throws IOException {
    refused("", ScenarioFolder.EMPTY_VIP.replace("\"port\"", "\"flags\": [\"FAST\"], \"port\""))
        .withMessageStartingWith(
            "step 1 (vip): unknown flag FAST, expected one of [HASH_NO_SRC_PORT, ");
    refused("", ScenarioFolder.EMPTY_VIP.replace("tcp", "sctp"))
        .withMessage("step 1 (vip): unknown protocol sctp, expected one of [TCP, UDP]");
    refused("", "{\"decapsulate\": {\"address\": \"192.0.2.1\", \"mode\": \"INGRESS\"}}")
        .withMessageContaining("unknown mode INGRESS");
    refused(", \"encapsulation\": \"vxlan\"").withMessageContaining("unknown encapsulation vxlan");
    refused(", \"forwarding\": \"vxlan\"").withMessageContaining("unknown forwarding vxlan");
    refused(", \"forwarding\": \"gue\", \"encapsulation\": \"gue\"")
        .withMessage("config has both forwarding and encapsulation, which is its older name");
    refused(", \"tracking\": \"OFTEN\"").withMessageContaining("unknown tracking OFTEN");
  }

  @Test
  void read_missingOrMistypedField_throws() throws IOException {
    refused("", ScenarioFolder.EMPTY_VIP.replace("\"port\": 443, ", ""))
        .withMessage("step 1 (vip) has no port");
    refused("", ScenarioFolder.EMPTY_VIP.replace("443", "\"https\""))
        .withMessage("port of step 1 (vip) is not an integer but \"https\"");
    refused(", \"icmpTooBig\": 1").withMessage("icmpTooBig of config is not true or false but 1");
    refused("", ScenarioFolder.EMPTY_VIP.replace("\"203.0.113.10\"", "\"www\""))
        .withMessage("step 1 (vip): address www is not an IPv4 or IPv6 address");
    refused("", "{\"serverIds\": {\"0x1\": \"10.0.0.1\"}}")
        .withMessage("step 1 (serverIds): server id 0x1 is not a number below 2^31");
    refused("", "{\"sourceRoute\": {\"prefix\": \"10.0.0.0/x\", \"backend\": \"10.0.0.1\"}}")
        .withMessage("step 1 (sourceRoute): prefix 10.0.0.0/x has no valid length");
  }

  @Test
  void read_flagsBeforeVip_throws() throws IOException {
    String flags =
        """
        {"flags": {"address": "203.0.113.10", "port": 443, "protocol": "udp", "add": ["QUIC"]}}\
        """;
    refused("", ScenarioFolder.EMPTY_VIP, flags)
        .withMessage("step 2 (flags): udp 203.0.113.10:443 is not installed");
  }

  @Test
  void read_invalidJson_throwsWithLine() throws IOException {
    Path file = folder.resolve("scenario.json");
    Files.writeString(file, "{\"name\": \"small\",\n\"name\": \"large\"}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Scenario.readSetup(file))
        .withMessage("scenario.json, line 2: Duplicate field 'name'");
    Files.writeString(file, "");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Scenario.readSetup(file))
        .withMessageStartingWith("scenario.json");
  }
}
