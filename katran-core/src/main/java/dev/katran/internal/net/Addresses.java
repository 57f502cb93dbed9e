package dev.katran.internal.net;

import com.google.common.net.InetAddresses;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;

/** Checks and formats IP addresses and ports. Addresses are literals, never DNS names. */
public final class Addresses {

  private static final byte[] MAPPED_PREFIX = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

  private static final byte[] BROADCAST = {-1, -1, -1, -1};

  private Addresses() {}

  /**
   * Parses an IPv4 or IPv6 literal.
   *
   * @param what the use of the address, such as {@code "backend"}, for the message
   * @throws IllegalArgumentException if the text is not a literal in ASCII, has a zone, or is
   *     IPv4-mapped
   */
  public static InetAddress parse(String what, String literal) {
    if (literal.indexOf('%') >= 0) {
      throw scoped(what, literal);
    }
    InetAddress address;
    try {
      // the parser takes the digits of every script
      if (!literal.chars().allMatch(c -> c < 128)) {
        throw new IllegalArgumentException("not ASCII");
      }
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

  /** Parses a literal and checks it like {@link #checkUnicast}. */
  public static InetAddress parseUnicast(String what, String literal) {
    return checkUnicast(what, parse(what, literal));
  }

  /**
   * Rejects addresses with a zone and IPv4-mapped addresses, like {@link #parse}.
   *
   * @return the address
   */
  public static InetAddress check(String what, InetAddress address) {
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

  /**
   * Checks an address like {@link #check} and also rejects those that no packet from or to another
   * host can have: unspecified, loopback, broadcast and multicast addresses, and link-local
   * addresses of IPv6, which mean nothing without their zone.
   */
  public static InetAddress checkUnicast(String what, InetAddress address) {
    check(what, address);
    String reason = reasonAgainst(address);
    if (!reason.isEmpty()) {
      throw new IllegalArgumentException("%s %s is %s".formatted(what, text(address), reason));
    }
    return address;
  }

  private static String reasonAgainst(InetAddress address) {
    if (address.isAnyLocalAddress()) {
      return "the unspecified address";
    }
    if (address.isMulticastAddress()) {
      return "a multicast address";
    }
    if (address.isLoopbackAddress()) {
      return "a loopback address, which never leaves its host";
    }
    if (address instanceof Inet4Address && Arrays.equals(address.getAddress(), BROADCAST)) {
      return "the broadcast address";
    }
    if (address instanceof Inet6Address && address.isLinkLocalAddress()) {
      return "a link-local address, which means nothing without its interface; use a global or unique local one";
    }
    return "";
  }

  /** Returns whether an address is IPv4. */
  public static boolean isIpv4(InetAddress address) {
    return address instanceof Inet4Address;
  }

  /** Returns whether an address is neither unspecified nor multicast. */
  public static boolean isUnicast(InetAddress address) {
    return !address.isAnyLocalAddress() && !address.isMulticastAddress();
  }

  /**
   * Rejects a port that is not in 0..65535.
   *
   * @return the port
   */
  public static int checkPort(String what, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("%s %d is not in 0..65535".formatted(what, port));
    }
    return port;
  }

  /** Returns the address as a literal, in the form of RFC 5952 for IPv6. */
  public static String text(InetAddress address) {
    return InetAddresses.toAddrString(address);
  }

  /** Returns address and port, with an IPv6 address in brackets. */
  public static String text(InetAddress address, int port) {
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
