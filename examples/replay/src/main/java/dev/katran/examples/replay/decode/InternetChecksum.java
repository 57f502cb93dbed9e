package dev.katran.examples.replay.decode;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Checksums of RFC 1071, as they are found in headers. */
final class InternetChecksum {

  private InternetChecksum() {}

  /** A checksum as text, and whether it is right for what it covers, itself included. */
  static String describe(int found, ByteBuffer... covered) {
    String digits = "0x" + HexFormat.of().toHexDigits(found, 4);
    return sum(covered) == 0xffff ? digits : digits + " (wrong)";
  }

  /** A checksum as text, of what is not all there. */
  static String describeAlone(int found) {
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
