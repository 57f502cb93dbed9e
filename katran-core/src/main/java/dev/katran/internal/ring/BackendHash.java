package dev.katran.internal.ring;

/**
 * The hash of a backend's address and, if it has one of its own, its port. It sorts the backends of
 * a ring and seeds the {@linkplain Maglev#offset offset} and {@linkplain Maglev#skip skip} of their
 * permutations.
 *
 * <p>IPv4: <a href="http://www.isthe.com/chongo/tech/comp/fnv/">FNV-1</a>. IPv6: {@linkplain Spooky
 * SpookyHash}. Both end with a step of <a href="https://github.com/google/cityhash">CityHash</a>.
 */
public final class BackendHash {

  private static final int IPV4_LENGTH = 4;
  private static final int IPV6_LENGTH = 16;
  private static final int MAPPED_PREFIX = IPV6_LENGTH - IPV4_LENGTH;

  private BackendHash() {}

  /**
   * Hashes an address and a port, so that two ports of an address take slots independently.
   *
   * @param address 4 or 16 bytes in network order
   * @param port 1 to 65535, or 0 for none: the hash of the address alone
   * @throws IllegalArgumentException if the address has another length
   */
  public static long of(byte[] address, int port) {
    return port == 0 ? of(address) : mix(port, of(address));
  }

  /**
   * Hashes an address. An IPv4-mapped IPv6 address has the hash of its IPv4 address.
   *
   * @param address 4 or 16 bytes in network order
   * @throws IllegalArgumentException if the address has another length
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
   * Hashes with 32-bit FNV-1, but sign-extends each byte before the XOR, as the C++ Katran does.
   *
   * <p>Sign extension causes collisions: 10.0.126.255 and 10.0.128.1 are one of many pairs with the
   * same hash. Code that sorts by the hash must handle equal hashes.
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

  /** Combines two words into one: CityHash's {@code Hash128to64} (Google, 2011). */
  static long mix(long upper, long lower) {
    final long k = 0x9ddfea08eb382d69L;
    long a = (lower ^ upper) * k;
    a ^= a >>> 47;
    long b = (upper ^ a) * k;
    b ^= b >>> 47;
    return b * k;
  }
}
