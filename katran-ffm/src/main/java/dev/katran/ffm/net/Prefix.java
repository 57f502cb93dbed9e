package dev.katran.ffm.net;

import java.net.InetAddress;

/**
 * An address and how many of its leading bits name the network, such as {@code 10.0.1.2/24}.
 *
 * <p>Bits beyond the length may be set: an interface's address is written so. {@link #network()}
 * has them cleared, as a route's destination must.
 *
 * @param address of either family
 * @param length from 0 to the number of bits of the address
 */
public record Prefix(InetAddress address, int length) {

  /** Refuses a length the address does not have. */
  public Prefix {
    int bits = bits(address);
    if (length < 0 || length > bits) {
      throw new IllegalArgumentException(
          "prefix %s/%d: the length is from 0 to %d"
              .formatted(address.getHostAddress(), length, bits));
    }
  }

  /** The prefix that contains just this address: {@code /32}, or {@code /128}. */
  public static Prefix host(InetAddress address) {
    return new Prefix(address, bits(address));
  }

  /**
   * Reads {@code 10.0.1.0/24}, {@code fc00::/64}, or an address alone, which is {@linkplain #host
   * its own prefix}. Literals only: no name is ever looked up.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  public static Prefix parse(String text) {
    int slash = text.indexOf('/');
    try {
      if (slash < 0) {
        return host(InetAddress.ofLiteral(text));
      }
      return new Prefix(
          InetAddress.ofLiteral(text.substring(0, slash)),
          Integer.parseInt(text, slash + 1, text.length(), 10));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("prefix \"" + text + "\": no length after the slash", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("prefix \"" + text + "\": " + e.getMessage(), e);
    }
  }

  /** The same prefix with all bits beyond its length cleared. */
  public Prefix network() {
    byte[] bytes = address.getAddress();
    for (int bit = length; bit < bytes.length * Byte.SIZE; bit++) {
      bytes[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
    }
    return new Prefix(Addresses.of(bytes), length);
  }

  /** Such as {@code 10.0.1.0/24}. */
  @Override
  public String toString() {
    return address.getHostAddress() + "/" + length;
  }

  private static int bits(InetAddress address) {
    return address.getAddress().length * Byte.SIZE;
  }
}
