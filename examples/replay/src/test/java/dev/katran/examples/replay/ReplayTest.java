package dev.katran.examples.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.examples.replay.pcap.PcapReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {

  private static final String SERVED_VIP =
      """
      {"vip": {"address": "203.0.113.10", "port": 53, "protocol": "udp", "flags": [],
       "backends": [{"address": "10.0.0.1", "weight": 1}]}}\
      """;

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    ScenarioFolder.rows(
        folder,
        ScenarioFolder.row("1", "DROP", TestFrames.TCP_V4, TestFrames.TCP_V4),
        ScenarioFolder.row("2", "PASS", TestFrames.UDP_V4, TestFrames.UDP_V4));
    ScenarioFolder.scenario(
        folder, ScenarioFolder.CONFIG, ScenarioFolder.EMPTY_VIP, ScenarioFolder.PACKETS);
  }

  private ReplayRun replay(String... more) {
    String[] arguments = new String[more.length + 2];
    arguments[0] = "--dataplane";
    arguments[1] = "java";
    System.arraycopy(more, 0, arguments, 2, more.length);
    return ReplayRun.of(arguments);
  }

  @Test
  void scenario_allRowsPass_printsOneLine() {
    ReplayRun run = replay(folder.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.lines()).containsExactly("small: 2 passed", "replay: 2 passed, 0 failed");
  }

  @Test
  void scenario_failedRow_printsBothFrames() throws IOException {
    ScenarioFolder.rows(
        folder,
        ScenarioFolder.row("1", "TX", TestFrames.TCP_V4, TestFrames.TCP_V4.replace("01bb", "01bc")),
        ScenarioFolder.row("2", "PASS", TestFrames.UDP_V4, TestFrames.UDP_V4));
    ReplayRun run = replay(folder.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines())
        .startsWith("small: 1 passed, 1 failed")
        .contains("small, row 1: description of row #1, on java", "  input " + TestFrames.TCP_V4)
        .endsWith("replay: 1 passed, 1 failed");
    assertThat(run.lines().stream().filter(line -> line.startsWith("!")))
        .extracting(line -> line.replaceAll(" +", " "))
        .containsExactly(
            "! verdict TX DROP", "! destination port 444 443", "! checksum 0x0086 (wrong) 0x0086");
  }

  @Test
  void scenario_unreadable_failsAndOthersRun() {
    ReplayRun run = replay(folder.resolve("nowhere").toString(), folder.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines())
        .containsExactly(
            "%s: cannot be read: %s: no such file or folder"
                .formatted(
                    folder.resolve("nowhere"), folder.resolve("nowhere").resolve("scenario.json")),
            "small: 2 passed",
            "replay: 2 passed, 1 failed");
  }

  @Test
  void scenario_refusedStep_laterRowsFail() throws IOException {
    String gue = "{\"sourceRoute\": {\"prefix\": \"10.0.0.0/8\", \"backend\": \"fc00::1\"}}";
    ScenarioFolder.scenario(
        folder,
        ScenarioFolder.CONFIG + ", \"encapsulation\": \"gue\"",
        ScenarioFolder.EMPTY_VIP,
        ScenarioFolder.PACKETS,
        gue,
        ScenarioFolder.PACKETS);
    ReplayRun run = replay(folder.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines())
        .startsWith("small: 2 passed, 2 failed")
        .endsWith("replay: 2 passed, 2 failed");
    assertThat(run.out())
        .contains("stopped before row 3 of 4 on java: step 3: backend fc00::1 via GUE needs");
  }

  @Test
  void scenario_refusedLastStep_fails() throws IOException {
    String gue = "{\"sourceRoute\": {\"prefix\": \"10.0.0.0/8\", \"backend\": \"fc00::1\"}}";
    ScenarioFolder.scenario(
        folder,
        ScenarioFolder.CONFIG + ", \"encapsulation\": \"gue\"",
        ScenarioFolder.EMPTY_VIP,
        gue);
    ReplayRun run = replay(folder.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines()).endsWith("replay: 0 passed, 1 failed");
  }

  @Test
  void commandLine_invalid_exitCode2() {
    assertThat(ReplayRun.of().exitCode()).isEqualTo(2);
    assertThat(ReplayRun.of("--dataplane", "fpga", folder.toString()).exitCode()).isEqualTo(2);
    assertThat(ReplayRun.of("--pcap", "in", "out").exitCode()).isEqualTo(2);
    assertThat(ReplayRun.of("--faster", folder.toString()).exitCode()).isEqualTo(2);
    ReplayRun both = ReplayRun.of("--pcap", "in", "out", "--config", "c", folder.toString());
    assertThat(both.exitCode()).isEqualTo(2);
    assertThat(both.err()).startsWith("--pcap excludes SCENARIO_DIR " + folder);
  }

  @Test
  void capture_sentFrames_areWrittenWithTimestamps() throws IOException {
    Path config =
        ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG, SERVED_VIP, ScenarioFolder.PACKETS);
    Files.delete(folder.resolve("rows.tsv"));
    Path in = capture(TestFrames.TCP_V4, TestFrames.UDP_V4, "0200");
    Path out = folder.resolve("out.pcap");
    ReplayRun run = replay("--pcap", in.toString(), out.toString(), "--config", config.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.lines())
        .containsExactly(
            "1 PASS 63 -> 63",
            "2 TX 46 -> 66",
            "3 not run: frame length 2 is out of range: must be 14 to 3520 bytes",
            "replay: 3 frames, 1 TX, 1 PASS, 0 DROP, 1 not run");
    try (PcapReader sent = PcapReader.open(out)) {
      assertThat(sent.next())
          .get()
          .satisfies(frame -> {
            assertThat(frame.seconds()).isEqualTo(1_700_000_001);
            assertThat(frame.fraction()).isEqualTo(501);
            assertThat(frame.bytes())
                .hasSize(66)
                .endsWith(TestFrames.bytes(TestFrames.UDP_V4.substring(28)));
            assertThat(frame.length()).isEqualTo(66);
          });
      assertThat(sent.next()).isEmpty();
    }
  }

  @Test
  void capture_truncated_replaysItsStart() throws IOException {
    Path config = ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG, SERVED_VIP);
    Path in = capture(TestFrames.UDP_V4, TestFrames.UDP_V4);
    Files.write(in, Arrays.copyOf(Files.readAllBytes(in), (int) Files.size(in) - 1));
    Path out = folder.resolve("out.pcap");
    ReplayRun run =
        replay("--quiet", "--pcap", in.toString(), out.toString(), "--config", config.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.lines()).containsExactly("replay: 1 frames, 1 TX, 0 PASS, 0 DROP");
    assertThat(run.err().strip())
        .isEqualTo(
            "replay: %s: the file is truncated: it ends at byte 147, within frame 2, which starts at"
                    .formatted(in)
                + " byte 86");
    assertThat(out).hasSize(24 + 16 + 66);
  }

  @Test
  void capture_sameFileForOutput_isRejected() throws IOException {
    Path config = ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG, SERVED_VIP);
    Path in = capture(TestFrames.UDP_V4);
    ReplayRun run = replay("--pcap", in.toString(), in.toString(), "--config", config.toString());
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(in).hasSize(24 + 16 + 46);
  }

  @Test
  void capture_missingFile_isNamed() throws IOException {
    String out = folder.resolve("out.pcap").toString();
    Path config = ScenarioFolder.scenario(folder, ScenarioFolder.CONFIG, SERVED_VIP);
    assertThat(replay("--pcap", "/no/in.pcap", out, "--config", config.toString()))
        .satisfies(run -> {
          assertThat(run.exitCode()).isEqualTo(1);
          assertThat(run.err()).contains("/no/in.pcap: no such file or folder");
        });
    assertThat(replay("--pcap", capture().toString(), out, "--config", "/no/scenario.json"))
        .satisfies(run -> {
          assertThat(run.exitCode()).isEqualTo(1);
          assertThat(run.err()).contains("/no/scenario.json: no such file or folder");
        });
  }

  /** Writes frames with timestamps a second apart, in nanoseconds and network byte order. */
  private Path capture(String... frames) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    bytes.putInt(0xa1b23c4d).putShort((short) 2).putShort((short) 4);
    bytes.putInt(0).putInt(0).putInt(65535).putInt(1);
    for (int i = 0; i < frames.length; i++) {
      byte[] frame = TestFrames.bytes(frames[i]);
      bytes.putInt(1_700_000_000 + i).putInt(500 + i).putInt(frame.length).putInt(frame.length);
      bytes.put(frame);
    }
    byte[] file = new byte[bytes.position()];
    bytes.get(0, file);
    return Files.write(folder.resolve("in.pcap"), file);
  }
}
