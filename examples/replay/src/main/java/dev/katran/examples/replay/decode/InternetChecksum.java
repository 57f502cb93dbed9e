package dev.katran.examples.replay.decode;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Internet checksums (RFC 1071) as text. */
final class InternetChecksum {

  private InternetChecksum() {}

  /**
   * Formats a checksum and marks it if it is wrong.
   *
   * @param covered the bytes that it covers, itself included
   */
  static String describe(int found, ByteBuffer... covered) {
    String digits = "0x" + HexFormat.of().toHexDigits(found, 4);
    return sum(covered) == 0xffff ? digits : digits + " (wrong)";
  }

  /** Formats a checksum that cannot be verified because the packet is cut short. */
  static String describeUnverified(int found) {
    return "0x" + HexFormat.of().toHexDigits(found, 4);
  }

  private static int sum(ByteBuffer... parts) {
    long sum = 0;
    for (ByteBuffer part : parts) {
      for (int i = 0; i < part.limit(); i++) {
        int octet = part.get(i) & 0xff;
        sum += i % 2 == 0 ? octet << 8 : octet;
      }
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) sum;
  }
}
