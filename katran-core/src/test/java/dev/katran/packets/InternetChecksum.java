package dev.katran.packets;

import java.nio.ByteBuffer;

/** The Internet checksum (RFC 1071), as simply as can be. */
public final class InternetChecksum {

  private InternetChecksum() {}

  /** The checksum over all that the buffers hold; one of odd length only as the last. */
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

  /** Whether bytes that hold their own checksum are intact. */
  public static boolean verifies(ByteBuffer... parts) {
    return of(parts) == 0;
  }
}
