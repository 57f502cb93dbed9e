package dev.katran.ffm.net;

import java.net.InetAddress;

/**
 * An address with a prefix length in CIDR notation, such as {@code 10.0.1.2/24}.
 *
 * <p>Bits beyond the prefix length may be set, as in an interface's address. {@link #network()}
 * clears them, as a route's destination requires.
 *
 * @param address an IPv4 or IPv6 address
 * @param length the prefix length, from 0 to 32 or 128
 * @since 0.1.0
 */
public record Cidr(InetAddress address, int length) {

  /** Rejects a length that is negative or exceeds the bits of the address. */
  public Cidr {
    int bits = bits(address);
    if (length < 0 || length > bits) {
      throw new IllegalArgumentException(
          "prefix %s/%d: the length must be 0 to %d"
              .formatted(Addresses.format(address), length, bits));
    }
  }

  /** Returns the host prefix of an address, {@code /32} or {@code /128}. */
  public static Cidr host(InetAddress address) {
    return new Cidr(address, bits(address));
  }

  /**
   * Parses {@code 10.0.1.0/24}, {@code fc00::/64}, or an address alone, which yields its
   * {@linkplain #host host prefix}. Only literals are accepted; host names are never resolved.
   *
   * @throws IllegalArgumentException if the text is in any other notation
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    try {
      if (!text.chars().allMatch(c -> c < 128)) {
        throw new IllegalArgumentException("digits must be ASCII"); // the JDK takes any script's
      }
      if (slash < 0) {
        return host(InetAddress.ofLiteral(text));
      }
      return new Cidr(
          InetAddress.ofLiteral(text.substring(0, slash)),
          Integer.parseInt(text, slash + 1, text.length(), 10));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "prefix \"" + text + "\": the part after the slash must be a number", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("prefix \"" + text + "\": " + e.getMessage(), e);
    }
  }

  /** Returns the prefix with all bits beyond its length cleared. */
  public Cidr network() {
    byte[] bytes = address.getAddress();
    for (int bit = length; bit < bytes.length * Byte.SIZE; bit++) {
      bytes[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
    }
    return new Cidr(Addresses.of(bytes), length);
  }

  /** Returns the CIDR notation, such as {@code 10.0.1.0/24}. */
  @Override
  public String toString() {
    return Addresses.format(address) + "/" + length;
  }

  private static int bits(InetAddress address) {
    return address.getAddress().length * Byte.SIZE;
  }
}
