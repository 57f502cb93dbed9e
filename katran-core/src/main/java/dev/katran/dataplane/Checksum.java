package dev.katran.dataplane;

/** The Internet checksum (RFC 1071). */
final class Checksum {

  private Checksum() {}

  /** The checksum of the bytes, an even number, from {@code offset} on. */
  static int of(Frame frame, int offset, int length) {
    return ofSum(sum(frame, offset, length));
  }

  /** The sum of the 16-bit words that the bytes, an even number, from {@code offset} on make. */
  static int sum(Frame frame, int offset, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += 2) {
      sum += frame.unsignedShort(offset + i);
    }
    return sum;
  }

  /** The checksum of 16-bit words that add up to {@code sum}. */
  static int ofSum(int sum) {
    return ~fold(sum) & 0xffff;
  }

  /**
   * The checksum after one 16-bit word under it has changed. Of the two ways to write zero it gives
   * 0xffff (RFC 1141), where RFC 1624 gives 0: the former is right for an echo reply that is all
   * zero, and a receiver takes either for any other.
   */
  static int updated(int checksum, int before, int after) {
    return fold(checksum + before + (~after & 0xffff));
  }

  /** The sum of 16-bit words as one word. */
  static int fold(int sum) {
    int folded = sum;
    while (folded > 0xffff) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return folded;
  }
}
