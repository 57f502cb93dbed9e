package dev.katran.examples.replay.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.examples.replay.TestFrames;
import java.util.List;
import org.junit.jupiter.api.Test;

class SideBySideTest {

  private static List<String> compare(String left, String right) {
    return SideBySide.of(
            "wanted",
            FrameDecoder.decode(TestFrames.bytes(left), 6080),
            "got",
            FrameDecoder.decode(TestFrames.bytes(right), 6080))
        .stream()
        .map(line -> line.replaceAll(" +", " "))
        .toList();
  }

  private static List<String> marked(List<String> lines) {
    return lines.stream().filter(line -> line.startsWith("!")).toList();
  }

  @Test
  void of_equalFrames_marksNothing() {
    List<String> lines = compare(TestFrames.TCP_V4, TestFrames.TCP_V4);
    assertThat(marked(lines)).isEmpty();
    assertThat(lines)
        .startsWith(" wanted got", " Ethernet", " destination 02:00:00:00:00:01 02:00:00:00:00:01");
  }

  @Test
  void of_differentFields_marksOnlyThem() {
    assertThat(marked(compare(TestFrames.UDP_V4, TestFrames.UDP_V4.replace("c350", "c351"))))
        .containsExactly("! source port 50000 50001", "! checksum 0xf739 0xf739 (wrong)");
  }

  @Test
  void of_tunnelInOneFrame_alignsInnerPackets() {
    List<String> marked = marked(compare(TestFrames.IPIP, TestFrames.TCP_V4));
    assertThat(marked)
        .startsWith("! type 0x86dd 0x0800", "! IPv6 (only here)", "! version 6")
        .hasSize(2 + 8);
    assertThat(marked(compare(TestFrames.UDP_V6, TestFrames.GUE)))
        .contains("! IPv4 (only here)", "! UDP (only here)", "! destination port 6080")
        .doesNotContain("! source port 50000");
  }

  @Test
  void of_fieldInOneFrame_isAlone() {
    String withoutOption =
        TestFrames.TCP_V4
            .replace("45000031", "4500002d")
            .replace("6012", "5012")
            .replace("020405b4", "");
    assertThat(marked(compare(TestFrames.TCP_V4, withoutOption))).contains("! options 02 04 05 b4");
    assertThat(marked(compare(TestFrames.UDP_V4, TestFrames.UDP_V4 + "00")))
        .containsExactly("! Padding (only here)", "! byte 0 00");
  }
}
