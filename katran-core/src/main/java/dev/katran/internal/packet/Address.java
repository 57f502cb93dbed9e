package dev.katran.internal.packet;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IP address in a packet header. Unlike {@link InetAddress}, it does not convert IPv4-mapped
 * IPv6 addresses to IPv4: in a packet the two are different.
 *
 * @param isIpv6 whether this is an IPv6 address
 * @param high the first eight bytes of an IPv6 address, or 0 for IPv4
 * @param low the last eight bytes of an IPv6 address, or the four bytes of an IPv4 address
 */
public record Address(boolean isIpv6, long high, long low) {

  /** The first byte of 0.0.0.0/8. */
  private static final int THIS_NETWORK = 0;

  /** The first byte of 127.0.0.0/8. */
  private static final int LOOPBACK = 127;

  /** The first byte of 224.0.0.0/4. Reserved addresses follow, and the broadcast address. */
  private static final int FIRST_MULTICAST = 224;

  /** Creates an IPv4 address from its four bytes in network byte order. */
  public static Address ipv4(int bytes) {
    return new Address(false, 0, Integer.toUnsignedLong(bytes));
  }

  /** Creates an IPv6 address from its 16 bytes in network byte order. */
  public static Address ipv6(long high, long low) {
    return new Address(true, high, low);
  }

  /** Creates an address from an {@link InetAddress}. */
  public static Address of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet6Address
        ? ipv6(bytes.getLong(), bytes.getLong())
        : ipv4(bytes.getInt());
  }

  /** Converts the address. An IPv4-mapped IPv6 address becomes an IPv4 address. */
  public InetAddress toInetAddress() {
    try {
      return InetAddress.getByAddress(toByteArray());
    } catch (UnknownHostException e) {
      throw new AssertionError("an IP address has 4 or 16 bytes", e);
    }
  }

  /** Returns the 4 or 16 bytes of the address. */
  public byte[] toByteArray() {
    return isIpv6
        ? ByteBuffer.allocate(16).putLong(high).putLong(low).array()
        : ByteBuffer.allocate(4).putInt(lastFourBytes()).array();
  }

  /**
   * Returns whether this address identifies a single host on the network, so that an answer may be
   * sent to it (RFC 1122, section 3.2.2; RFC 4443, section 2.4(e)); {@code address.h} in Java.
   */
  public boolean isUnicast() {
    if (isIpv6) {
      boolean isMulticast = high >>> 56 == 0xff;
      boolean isUnspecifiedOrLoopback = high == 0 && Long.compareUnsigned(low, 1) <= 0;
      return !isMulticast && !isUnspecifiedOrLoopback;
    }
    int first = lastFourBytes() >>> 24;
    return first != THIS_NETWORK && first != LOOPBACK && first < FIRST_MULTICAST;
  }

  /** Returns the sum of the address's 16-bit words, for checksums. */
  int sum() {
    return sum(high) + sum(low);
  }

  private static int sum(long words) {
    return (int)
        ((words & 0xffff) + (words >>> 16 & 0xffff) + (words >>> 32 & 0xffff) + (words >>> 48));
  }

  /** Returns the first address of the prefix with this length in bits that contains the address. */
  public Address prefix(int length) {
    return isIpv6
        ? ipv6(high & firstBits(Math.min(length, 64)), low & firstBits(Math.max(length - 64, 0)))
        : new Address(false, 0, low & firstBits(32 + length));
  }

  private static long firstBits(int count) {
    return count == 0 ? 0 : -1L << (Long.SIZE - count);
  }

  /** Returns the unspecified address of the same family. */
  public Address zero() {
    return new Address(isIpv6, 0, 0);
  }

  /**
   * Returns the last four bytes: for IPv4 all, for IPv6 the ones that differ most among clients.
   */
  public int lastFourBytes() {
    return (int) low;
  }
}
