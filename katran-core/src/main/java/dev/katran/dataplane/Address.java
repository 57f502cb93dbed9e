package dev.katran.dataplane;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IP address as it stands in a header. Unlike an {@link InetAddress} it stays an IPv6 address
 * when it is an IPv4-mapped one: on the wire the two are different.
 *
 * @param isIpv6 its family
 * @param high the first eight bytes of an IPv6 address; 0 for IPv4
 * @param low the last eight bytes of an IPv6 address, or the four of an IPv4 address
 */
public record Address(boolean isIpv6, long high, long low) {

  static Address ipv4(int bytes) {
    return new Address(false, 0, Integer.toUnsignedLong(bytes));
  }

  static Address ipv6(long high, long low) {
    return new Address(true, high, low);
  }

  /** The address as a header has it. */
  public static Address of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet6Address
        ? ipv6(bytes.getLong(), bytes.getLong())
        : ipv4(bytes.getInt());
  }

  /** The address as Java has it; an IPv4-mapped IPv6 one becomes the IPv4 address. */
  public InetAddress toInetAddress() {
    try {
      return InetAddress.getByAddress(toByteArray());
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  byte[] toByteArray() {
    return isIpv6
        ? ByteBuffer.allocate(16).putLong(high).putLong(low).array()
        : ByteBuffer.allocate(4).putInt(lastFourBytes()).array();
  }

  /** The sum of the address's 16-bit words, as a checksum wants it. */
  int sum() {
    return sum(high) + sum(low);
  }

  private static int sum(long words) {
    return (int)
        ((words & 0xffff) + (words >>> 16 & 0xffff) + (words >>> 32 & 0xffff) + (words >>> 48));
  }

  /** The first address of those that begin with the same bits, so many of them. */
  Address prefix(int length) {
    return isIpv6
        ? ipv6(high & firstBits(Math.min(length, 64)), low & firstBits(Math.max(length - 64, 0)))
        : new Address(false, 0, low & firstBits(32 + length));
  }

  private static long firstBits(int number) {
    return number == 0 ? 0 : -1L << (Long.SIZE - number);
  }

  /** The address of this family that is all zero. */
  Address zero() {
    return new Address(isIpv6, 0, 0);
  }

  /** All of an IPv4 address, and the part of an IPv6 address that tells clients apart best. */
  int lastFourBytes() {
    return (int) low;
  }
}
