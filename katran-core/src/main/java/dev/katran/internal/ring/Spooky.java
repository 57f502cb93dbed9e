package dev.katran.internal.ring;

/**
 * The 128-bit SpookyHash V2 of exactly sixteen bytes with both seeds 0, folded into 64 bits.
 *
 * <p>Bob Jenkins' <a href="http://burtleburtle.net/bob/hash/spooky.html">SpookyHash</a> (public
 * domain, 2012) has a variant for short messages. For sixteen bytes it mixes once, adds the length
 * and finishes.
 */
final class Spooky {

  private static final long CONST = 0xdeadbeefdeadbeefL;
  private static final long LENGTH = 16L << 56;

  private Spooky() {}

  /**
   * Hashes the sixteen bytes of two little-endian integers.
   *
   * @return both halves of the hash, combined into one word
   */
  static long hash(long first, long second) {
    long a = 0;
    long b = 0;
    long c = CONST + first;
    long d = CONST + second;

    c = Long.rotateLeft(c, 50) + d;
    a ^= c;
    d = Long.rotateLeft(d, 52) + a;
    b ^= d;
    a = Long.rotateLeft(a, 30) + b;
    c ^= a;
    b = Long.rotateLeft(b, 41) + c;
    d ^= b;
    c = Long.rotateLeft(c, 54) + d;
    a ^= c;
    d = Long.rotateLeft(d, 48) + a;
    b ^= d;
    a = Long.rotateLeft(a, 38) + b;
    c ^= a;
    b = Long.rotateLeft(b, 37) + c;
    d ^= b;
    c = Long.rotateLeft(c, 62) + d;
    a ^= c;
    d = Long.rotateLeft(d, 34) + a;
    b ^= d;
    a = Long.rotateLeft(a, 5) + b;
    c ^= a;
    b = Long.rotateLeft(b, 36) + c;
    d ^= b;

    c += CONST;
    d += LENGTH + CONST;

    d ^= c;
    c = Long.rotateLeft(c, 15);
    d += c;
    a ^= d;
    d = Long.rotateLeft(d, 52);
    a += d;
    b ^= a;
    a = Long.rotateLeft(a, 26);
    b += a;
    c ^= b;
    b = Long.rotateLeft(b, 51);
    c += b;
    d ^= c;
    c = Long.rotateLeft(c, 28);
    d += c;
    a ^= d;
    d = Long.rotateLeft(d, 9);
    a += d;
    b ^= a;
    a = Long.rotateLeft(a, 47);
    b += a;
    c ^= b;
    b = Long.rotateLeft(b, 54);
    c += b;
    d ^= c;
    c = Long.rotateLeft(c, 32);
    d += c;
    a ^= d;
    d = Long.rotateLeft(d, 25);
    a += d;
    b ^= a;
    a = Long.rotateLeft(a, 63);
    b += a;
    return BackendHash.mix(a, b);
  }
}
