package dev.katran;

import com.google.common.net.InetAddresses;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Addresses as users write them: literals, never looked up in the DNS. */
final class Addresses {

  private static final byte[] MAPPED_PREFIX = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

  private Addresses() {}

  /**
   * Reads an IPv4 or IPv6 literal.
   *
   * @param what the address is for, such as {@code "backend"}: the first word of a refusal
   * @throws IllegalArgumentException if it is no literal, has a zone, or is IPv4-mapped
   */
  static InetAddress parse(String what, String literal) {
    if (literal.indexOf('%') >= 0) {
      throw scoped(what, literal);
    }
    InetAddress address;
    try {
      address = InetAddresses.forString(literal);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s \"%s\" is not an IPv4 or IPv6 address literal; names are not looked up"
              .formatted(what, literal),
          e);
    }
    if (address instanceof Inet4Address && literal.indexOf(':') >= 0) {
      throw mapped(what, literal);
    }
    return address;
  }

  /** Reads the literal of an address that packets can be sent to. */
  static InetAddress parseUnicast(String what, String literal) {
    return checkUnicast(what, parse(what, literal));
  }

  /**
   * Refuses what {@link #parse} would refuse, had the address been written as a literal.
   *
   * @return the address
   */
  static InetAddress check(String what, InetAddress address) {
    if (address instanceof Inet6Address ipv6) {
      if (ipv6.getScopeId() != 0 || ipv6.getScopedInterface() != null) {
        throw scoped(what, ipv6.getHostAddress());
      }
      byte[] bytes = ipv6.getAddress();
      if (Arrays.equals(bytes, 0, MAPPED_PREFIX.length, MAPPED_PREFIX, 0, MAPPED_PREFIX.length)) {
        throw mapped(what, ipv6.getHostAddress());
      }
    }
    return address;
  }

  /** The same, and refuses the unspecified address and multicast. */
  static InetAddress checkUnicast(String what, InetAddress address) {
    check(what, address);
    if (address.isAnyLocalAddress()) {
      throw new IllegalArgumentException(
          "%s %s is the unspecified address".formatted(what, text(address)));
    }
    if (address.isMulticastAddress()) {
      throw new IllegalArgumentException(
          "%s %s is a multicast address".formatted(what, text(address)));
    }
    return address;
  }

  /** Whether the address is neither unspecified nor multicast. */
  static boolean isUnicast(InetAddress address) {
    return !address.isAnyLocalAddress() && !address.isMulticastAddress();
  }

  /**
   * Refuses what is no port.
   *
   * @return the port
   */
  static int checkPort(String what, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("%s %d is not in 0..65535".formatted(what, port));
    }
    return port;
  }

  /** The unspecified address of the same family: 0.0.0.0 or ::. */
  static InetAddress unspecifiedLike(InetAddress address) {
    try {
      return InetAddress.getByAddress(new byte[address.getAddress().length]);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  /** The address as a literal: the short form of RFC 5952 for IPv6. */
  static String text(InetAddress address) {
    return InetAddresses.toAddrString(address);
  }

  /** Address and port, the address in brackets if it is IPv6. */
  static String text(InetAddress address, int port) {
    return InetAddresses.toUriString(address) + ":" + port;
  }

  private static IllegalArgumentException scoped(String what, String literal) {
    return new IllegalArgumentException(
        "%s \"%s\" has a zone: only addresses that mean the same on every interface can be used"
            .formatted(what, literal));
  }

  private static IllegalArgumentException mapped(String what, String literal) {
    return new IllegalArgumentException(
        "%s \"%s\" is an IPv4-mapped IPv6 address: write it as IPv4".formatted(what, literal));
  }
}
