package dev.katran;

import com.google.common.net.InetAddresses;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An address prefix in the notation of RFC 4632 and RFC 4291: {@code 192.0.2.0/24}, {@code
 * 2001:db8::/32}.
 *
 * @param address the first address of the prefix
 * @param length 0 to 32 bits, for IPv6 0 to 128
 * @since 0.1.0
 */
public record Prefix(InetAddress address, int length) {

  /**
   * Creates a prefix.
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
   * Parses a prefix such as {@code 192.0.2.0/24}. An address without a length is the prefix of full
   * length.
   *
   * @throws IllegalArgumentException if the text has another form, or as the constructor
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
      throw new IllegalArgumentException(
          "prefix \"" + literal + "\" has no valid length after its slash");
    }
    return new Prefix(address, Integer.parseInt(length));
  }

  /**
   * Returns the prefix of an address, which may have bits beyond the length.
   *
   * @throws IllegalArgumentException if the length is out of range, or the address has a zone or is
   *     IPv4-mapped IPv6
   */
  public static Prefix around(InetAddress address, int length) {
    byte[] bytes = address.getAddress();
    int first = length < 0 ? 8 * bytes.length : length; // rejected below, with the value as given
    for (int bit = first; bit < 8 * bytes.length; bit++) {
      bytes[bit / 8] &= (byte) ~(1 << (7 - bit % 8));
    }
    try {
      return new Prefix(InetAddress.getByAddress(bytes), length);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  /** Returns whether the prefix contains an address. Never true for the other family. */
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

  /** Returns text such as {@code 192.0.2.0/24}, IPv6 compressed as in RFC 5952. */
  @Override
  public String toString() {
    return InetAddresses.toAddrString(address) + "/" + length;
  }
}
