package dev.katran.internal.ring;

/**
 * The lower half of MurmurHash3_x64_128 for exactly sixteen bytes.
 *
 * <p>Austin Appleby's <a href="https://github.com/aappleby/smhasher">MurmurHash3</a> (public
 * domain, 2011). For sixteen bytes its loop runs once and its tail is empty.
 */
final class Murmur3 {

  private static final long C1 = 0x87c37b91114253d5L;
  private static final long C2 = 0x4cf5ad432745937fL;
  private static final int LENGTH = 16;

  private Murmur3() {}

  /**
   * Hashes the sixteen bytes of two little-endian integers.
   *
   * @param first the first eight bytes
   * @param second the last eight bytes
   * @param seed an unsigned integer
   * @return the first 64 of the 128 bits
   */
  static long hash(long first, long second, int seed) {
    long h1 = Integer.toUnsignedLong(seed);
    long h2 = h1;

    h1 ^= Long.rotateLeft(first * C1, 31) * C2;
    h1 = (Long.rotateLeft(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= Long.rotateLeft(second * C2, 33) * C1;
    h2 = (Long.rotateLeft(h2, 31) + h1) * 5 + 0x38495ab5;

    h1 ^= LENGTH;
    h2 ^= LENGTH;
    h1 += h2;
    h2 += h1;
    return finish(h1) + finish(h2);
  }

  private static long finish(long word) {
    word ^= word >>> 33;
    word *= 0xff51afd7ed558ccdL;
    word ^= word >>> 33;
    word *= 0xc4ceb9fe1a85ec53L;
    return word ^ word >>> 33;
  }
}
