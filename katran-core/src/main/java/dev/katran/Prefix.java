package dev.katran;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * All addresses that begin with the same bits, in the notation of RFC 4632 and RFC 4291: {@code
 * 192.0.2.0/24}, {@code 2001:db8::/32}.
 *
 * @param address the first of them
 * @param length how many bits they have in common: 0 to 32, for IPv6 to 128
 */
public record Prefix(InetAddress address, int length) {

  /**
   * A prefix.
   *
   * @throws IllegalArgumentException if the length is out of range, the address has bits beyond it,
   *     has a zone, or is IPv4-mapped IPv6
   */
  public Prefix {
    Addresses.check("prefix", address);
    byte[] bytes = address.getAddress();
    if (length < 0 || length > 8 * bytes.length) {
      throw new IllegalArgumentException(
          "prefix length %d of %s is not in 0..%d"
              .formatted(length, Addresses.text(address), 8 * bytes.length));
    }
    for (int bit = length; bit < 8 * bytes.length; bit++) {
      if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
        throw new IllegalArgumentException(
            "prefix %s/%d has bits beyond its length".formatted(Addresses.text(address), length));
      }
    }
  }

  /**
   * The prefix that is written so, as in {@code 192.0.2.0/24}; an address alone is the prefix of
   * all its bits.
   *
   * @throws IllegalArgumentException if it is not written so, or as the constructor
   */
  public static Prefix of(String literal) {
    int slash = literal.indexOf('/');
    if (slash < 0) {
      InetAddress address = Addresses.parse("prefix", literal);
      return new Prefix(address, 8 * address.getAddress().length);
    }
    InetAddress address = Addresses.parse("prefix", literal.substring(0, slash));
    String length = literal.substring(slash + 1);
    if (length.isEmpty()
        || length.length() > 3
        || !length.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new IllegalArgumentException("prefix \"" + literal + "\" has no length behind its /");
    }
    return new Prefix(address, Integer.parseInt(length));
  }

  /**
   * The prefix that an address begins with, whatever its bits beyond the length are.
   *
   * @throws IllegalArgumentException if the length is out of range, or the address has a zone or is
   *     IPv4-mapped IPv6
   */
  public static Prefix around(InetAddress address, int length) {
    byte[] bytes = address.getAddress();
    int first = length < 0 ? 8 * bytes.length : length; // it is refused as it was given
    for (int bit = first; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] &= (byte) ~(1 << (7 - bit % 8));
    }
    try {
      return new Prefix(InetAddress.getByAddress(bytes), length);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  /** Whether the address begins with these bits; never for one of the other family. */
  public boolean contains(InetAddress other) {
    byte[] mine = address.getAddress();
    byte[] theirs = other.getAddress();
    if (mine.length != theirs.length) {
      return false;
    }
    for (int bit = 0; bit < length; bit++) {
      if (((mine[bit / 8] ^ theirs[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
        return false;
      }
    }
    return true;
  }

  /** As in {@code 192.0.2.0/24}. */
  @Override
  public String toString() {
    return InetAddresses.toAddrString(address) + "/" + length;
  }
}
