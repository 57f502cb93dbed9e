package dev.katran.internal.packet;

/** The Internet checksum (RFC 1071) and its incremental update; {@code checksum.h} in Java. */
public final class Checksum {

  private Checksum() {}

  /** Returns the checksum of {@code length} bytes, an even number, from {@code offset} on. */
  public static int of(Frame frame, int offset, int length) {
    return ofSum(sum(frame, offset, length));
  }

  /** Returns the sum of the 16-bit words in {@code length} bytes, an even number. */
  static int sum(Frame frame, int offset, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += 2) {
      sum += frame.unsignedShort(offset + i);
    }
    return sum;
  }

  /** Returns the checksum of 16-bit words that add up to {@code sum}. */
  static int ofSum(int sum) {
    return ~fold(sum) & 0xffff;
  }

  /**
   * Updates a checksum after one of the 16-bit words that it covers has changed. For zero, which
   * has two representations, it returns 0xffff (RFC 1141), where RFC 1624 returns 0. The former is
   * correct for an echo reply that is all zero. Otherwise receivers accept both.
   */
  public static int updated(int checksum, int before, int after) {
    return fold(checksum + before + (~after & 0xffff));
  }

  /**
   * Updates a checksum after what it covers has changed: equation 3 of RFC 1624, which is what
   * computing it anew would give.
   *
   * @param difference the sum of the new 16-bit words and of the old words' complements
   */
  static int patched(int checksum, int difference) {
    return ofSum((~checksum & 0xffff) + difference);
  }

  /** Folds a sum of 16-bit words into one word, with end-around carry. */
  static int fold(int sum) {
    int folded = sum;
    while (folded > 0xffff) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return folded;
  }
}
