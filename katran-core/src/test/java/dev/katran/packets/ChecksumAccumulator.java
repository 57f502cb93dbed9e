package dev.katran.packets;

/** Sums bytes for the Internet checksum. Only the last piece may have an odd length. */
final class ChecksumAccumulator {

  private long sum;

  ChecksumAccumulator add(byte[] bytes) {
    return add(bytes, 0, bytes.length);
  }

  ChecksumAccumulator add(byte[] bytes, int from, int to) {
    int last = to - 1;
    for (int i = from; i < last; i += 2) {
      sum += ((bytes[i] & 0xff) << 8) | (bytes[i + 1] & 0xff);
    }
    if ((to - from) % 2 != 0) {
      sum += (bytes[last] & 0xff) << 8;
    }
    return this;
  }

  ChecksumAccumulator add(int word) {
    sum += word;
    return this;
  }

  int checksum() {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) (~folded & 0xffff);
  }
}
