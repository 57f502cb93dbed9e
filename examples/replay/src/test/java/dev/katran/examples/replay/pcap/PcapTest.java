package dev.katran.examples.replay.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PcapTest {

  /** Two frames, of 3 and 0 bytes, in little endian with microseconds. */
  private static final String CAPTURE =
      "d4c3b2a1020004000000000000000000ffff000001000000"
          + "0100000002000000030000004000000001aa02"
          + "ffffffff3f420f000000000000000000";

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("some.pcap");
  }

  private PcapReader open(String hex) throws IOException {
    return PcapReader.open(Files.write(file, HexFormat.of().parseHex(hex)));
  }

  private void assertRejected(String hex, String message) {
    assertThatExceptionOfType(PcapException.class)
        .isThrownBy(() -> open(hex).close())
        .withMessage(message);
  }

  @Test
  void next_frames_inOrder() throws IOException {
    try (PcapReader reader = open(CAPTURE)) {
      assertThat(reader.format()).isEqualTo(new PcapFormat(ByteOrder.LITTLE_ENDIAN, false));
      CapturedFrame first = reader.next().orElseThrow();
      assertThat(first.seconds()).isEqualTo(1);
      assertThat(first.fraction()).isEqualTo(2);
      assertThat(first.bytes()).containsExactly(1, 0xaa, 2);
      assertThat(first.length()).isEqualTo(64);
      assertThat(first.isTruncated()).isTrue();
      assertThat(reader.position()).isEqualTo(24 + 16 + 3);
      CapturedFrame second = reader.next().orElseThrow();
      assertThat(Integer.toUnsignedLong(second.seconds())).isEqualTo(4_294_967_295L);
      assertThat(second.fraction()).isEqualTo(999_999);
      assertThat(second.bytes()).isEmpty();
      assertThat(second.isTruncated()).isFalse();
      assertThat(reader.next()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d"})
  void write_everyFormat_isReadBack(String magic) throws IOException {
    ByteOrder order = magic.startsWith("a1") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    PcapFormat format = new PcapFormat(order, magic.contains("3c") && magic.contains("4d"));
    CapturedFrame frame = new CapturedFrame(1_700_000_000, 123_456_789, new byte[] {7, 8}, 1500);
    try (PcapWriter writer = PcapWriter.create(file, format)) {
      writer.write(frame);
      writer.write(frame.with(new byte[] {9}));
    }
    byte[] bytes = Files.readAllBytes(file);
    assertThat(HexFormat.of().formatHex(bytes)).startsWith(magic);
    assertThat(ByteBuffer.wrap(bytes).order(order).getInt(20)).as("link type").isEqualTo(1);
    try (PcapReader reader = PcapReader.open(file)) {
      assertThat(reader.format()).isEqualTo(format);
      assertThat(reader.next()).get().usingRecursiveComparison().isEqualTo(frame);
      assertThat(reader.next())
          .get()
          .usingRecursiveComparison()
          .isEqualTo(new CapturedFrame(1_700_000_000, 123_456_789, new byte[] {9}, 1499));
      assertThat(reader.next()).isEmpty();
    }
  }

  @Test
  void next_truncatedFile_throwsAfterWholeFrames() throws IOException {
    byte[] capture = HexFormat.of().parseHex(CAPTURE);
    for (int length = 24 + 1; length < 24 + 16 + 3; length++) {
      Files.write(file, Arrays.copyOf(capture, length));
      try (PcapReader reader = PcapReader.open(file)) {
        assertThatExceptionOfType(PcapException.class)
            .isThrownBy(reader::next)
            .withMessage(
                "the file is truncated: it ends at byte %d, within frame 1, which starts at byte 24"
                    .formatted(length));
      }
    }
    Files.write(file, Arrays.copyOf(capture, capture.length - 1));
    try (PcapReader reader = PcapReader.open(file)) {
      assertThat(reader.next()).isPresent();
      assertThatExceptionOfType(PcapException.class)
          .isThrownBy(reader::next)
          .withMessageContaining("within frame 2, which starts at byte 43");
    }
  }

  @Test
  void open_shortFile_throws() {
    assertRejected("", "the file has only 0 bytes; a capture's header has 24");
    assertRejected("d4c3b2a10200", "the file has only 6 bytes; a capture's header has 24");
  }

  @Test
  void next_invalidLength_throws() throws IOException {
    try (PcapReader reader = open(CAPTURE.replace("0300000040000000", "ffffffff40000000"))) {
      assertThatExceptionOfType(PcapException.class)
          .isThrownBy(reader::next)
          .withMessage("frame 1 at byte 24 has 4294967295 bytes: the file is corrupt");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0a0d0d0a | pcapng: convert it with \"editcap -F pcap\"",
        "a1b2cd34 | the \"modified\" pcap of Kuznetzov's libpcap",
        "34cdb2a1 | the \"modified\" pcap of Kuznetzov's libpcap",
        "1f8b0800 | gzip: decompress it first",
        "28b52ffd | zstd: decompress it first",
        "7f454c46 | a file that starts with 7f 45 4c 46"
      })
  void open_otherFormat_namesIt(String start, String kind) {
    assertRejected(start + CAPTURE.substring(8), "not a classic pcap file but " + kind);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "00000000 | 0 (BSD loopback)",
        "65000000 | 101 (raw IP)",
        "71000000 | 113 (Linux cooked)",
        "14010000 | 276 (Linux cooked, version 2)",
        "f2000000 | 242",
        "01000014 | 335544321 (0x14000001)"
      })
  void open_otherLinkType_namesIt(String bytes, String type) {
    assertRejected(
        CAPTURE.replace("ffff000001000000", "ffff0000" + bytes),
        "link type %s is not supported, only Ethernet (1)".formatted(type));
  }

  @Test
  void open_otherVersion_throws() {
    assertRejected(
        CAPTURE.replace("d4c3b2a102000400", "d4c3b2a102000300"),
        "pcap version 2.3 is not supported, only 2.4");
  }
}
