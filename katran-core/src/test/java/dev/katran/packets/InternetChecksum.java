package dev.katran.packets;

import java.nio.ByteBuffer;

/** A deliberately simple Internet checksum (RFC 1071). */
public final class InternetChecksum {

  private InternetChecksum() {}

  /** Returns the checksum of the concatenated buffers. Only the last may have an odd length. */
  public static int of(ByteBuffer... parts) {
    long sum = 0;
    for (ByteBuffer part : parts) {
      for (int i = 0; i < part.limit(); i++) {
        sum += (part.get(i) & 0xff) << (i % 2 == 0 ? 8 : 0);
      }
    }
    long folded = sum % 0xffff;
    return (int) (0xffff - (folded == 0 && sum != 0 ? 0xffff : folded));
  }

  /** Returns whether buffers that include their own checksum are intact. */
  public static boolean verifies(ByteBuffer... parts) {
    return of(parts) == 0;
  }
}
