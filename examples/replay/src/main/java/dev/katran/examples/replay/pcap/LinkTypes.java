package dev.katran.examples.replay.pcap;

import java.util.HexFormat;

/** Names of common link types. */
final class LinkTypes {

  private LinkTypes() {}

  /** Returns text such as {@code 113 (Linux cooked)}. */
  static String describe(int linkType) {
    String name =
        switch (linkType) {
          case 0 -> "BSD loopback";
          case 12, 101 -> "raw IP";
          case 105 -> "IEEE 802.11";
          case 108 -> "OpenBSD loopback";
          case 113 -> "Linux cooked";
          case 127 -> "IEEE 802.11 with radiotap";
          case 228 -> "raw IPv4";
          case 229 -> "raw IPv6";
          case 276 -> "Linux cooked, version 2";
          default -> linkType >>> 16 == 0 ? "" : "0x" + HexFormat.of().toHexDigits(linkType);
        };
    String number = Integer.toUnsignedString(linkType);
    return name.isEmpty() ? number : "%s (%s)".formatted(number, name);
  }
}
