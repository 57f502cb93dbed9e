package dev.katran.examples.replay.pcap;

import java.util.HexFormat;

/** File formats that may be mistaken for pcap, recognised by their first bytes. */
enum FileKind {
  PCAPNG("pcapng: convert it with \"editcap -F pcap\"", "0a0d0d0a"),
  MODIFIED_PCAP("the \"modified\" pcap of Kuznetzov's libpcap", "a1b2cd34"),
  MODIFIED_PCAP_SWAPPED("the \"modified\" pcap of Kuznetzov's libpcap", "34cdb2a1"),
  SNOOP("a snoop capture", "736e6f6f70000000"),
  GZIP("gzip: decompress it first", "1f8b"),
  ZSTD("zstd: decompress it first", "28b52ffd"),
  XZ("xz: decompress it first", "fd377a585a00");

  private static final int SHOWN = 4;

  private final String description;
  private final String start; // in hex

  FileKind(String description, String start) {
    this.description = description;
    this.start = start;
  }

  /** Describes the format of a file that starts with given bytes. */
  static String of(byte[] bytes) {
    String digits = HexFormat.of().formatHex(bytes);
    for (FileKind kind : values()) {
      if (digits.startsWith(kind.start)) {
        return kind.description;
      }
    }
    return "a file that starts with "
        + HexFormat.ofDelimiter(" ").formatHex(bytes, 0, Math.min(SHOWN, bytes.length));
  }
}
