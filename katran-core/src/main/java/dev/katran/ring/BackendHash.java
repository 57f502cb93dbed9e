package dev.katran.ring;

/** A backend's address as a number: its place in the order of a ring, and the seed of its walk. */
public final class BackendHash {

  private static final int IPV4_LENGTH = 4;
  private static final int IPV6_LENGTH = 16;
  private static final int MAPPED_PREFIX = IPV6_LENGTH - IPV4_LENGTH;

  private BackendHash() {}

  /**
   * Hashes an address; an IPv4-mapped IPv6 address hashes as its IPv4 address.
   *
   * @param address 4 or 16 bytes in network order
   * @throws IllegalArgumentException if it has any other length
   */
  public static long of(byte[] address) {
    return switch (address.length) {
      case IPV4_LENGTH -> ofIpv4(address, 0);
      case IPV6_LENGTH ->
          isMapped(address)
              ? ofIpv4(address, MAPPED_PREFIX)
              : mix(
                  10,
                  Spooky.hash(
                      Bytes.littleEndianLong(address, 0), Bytes.littleEndianLong(address, 8)));
      default ->
          throw new IllegalArgumentException(
              "an address has 4 or 16 bytes, this one has " + address.length);
    };
  }

  /**
   * 32-bit FNV-1, but each byte is sign-extended before it is XORed: so does the C++ Katran.
   *
   * <p>Sign extension costs much of FNV's quality: 10.0.126.255 and 10.0.128.1 are one of many
   * pairs of addresses that have the same hash, so that whoever sorts by it must be ready for
   * equals.
   */
  private static long ofIpv4(byte[] address, int offset) {
    int hash = 0x811c9dc5;
    for (int i = offset; i < offset + IPV4_LENGTH; i++) {
      hash *= 0x01000193;
      hash ^= address[i];
    }
    return mix(2, Integer.toUnsignedLong(hash));
  }

  private static boolean isMapped(byte[] address) {
    return Bytes.littleEndianLong(address, 0) == 0
        && Bytes.littleEndianInt(address, 8) == 0xffff0000;
  }

  /** CityHash's {@code Hash128to64} (Google, 2011): two words into one. */
  static long mix(long upper, long lower) {
    final long k = 0x9ddfea08eb382d69L;
    long a = (lower ^ upper) * k;
    a ^= a >>> 47;
    long b = (upper ^ a) * k;
    b ^= b >>> 47;
    return b * k;
  }
}
