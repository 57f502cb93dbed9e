package dev.katran.packets;

/** Adds up bytes for the Internet checksum, one piece after the other, all but the last even. */
final class Sum {

  private long sum;

  Sum add(byte[] bytes) {
    return add(bytes, 0, bytes.length);
  }

  Sum add(byte[] bytes, int from, int to) {
    int last = to - 1;
    for (int i = from; i < last; i += 2) {
      sum += ((bytes[i] & 0xff) << 8) | (bytes[i + 1] & 0xff);
    }
    if ((to - from) % 2 != 0) {
      sum += (bytes[last] & 0xff) << 8;
    }
    return this;
  }

  Sum add(int word) {
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
