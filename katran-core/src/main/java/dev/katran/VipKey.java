package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The identity of a {@link Vip}: the destination address or prefix, the port and the protocol of
 * the packets that it serves.
 *
 * <p>{@link #toString} and {@link #parse} are inverse:
 *
 * {@snippet :
 * VipKey.tcp("203.0.113.10", 443).toString();      // "tcp 203.0.113.10:443"
 * VipKey.udp("2001:db8::53", 53).toString();       // "udp [2001:db8::53]:53"
 * VipKey.tcp("203.0.113.10").toString();           // "tcp 203.0.113.10:*"
 * VipKey.tcp("203.0.113.0/24", 443).toString();    // "tcp 203.0.113.0/24:443"
 * }
 *
 * @since 0.1.0
 */
public final class VipKey {

  /** The port of a VIP that matches every port, {@value}. */
  static final int EVERY_PORT = 0;

  /** Unspecified, loopback, link-local (IPv6), multicast and broadcast addresses. */
  private static final ImmutableList<Prefix> UNUSABLE =
      Stream.of(
              "0.0.0.0/32",
              "127.0.0.0/8",
              "224.0.0.0/4",
              "255.255.255.255/32",
              "::/128",
              "::1/128",
              "fe80::/10",
              "ff00::/8")
          .map(Prefix::of)
          .collect(ImmutableList.toImmutableList());

  private static final Pattern TEXT =
      Pattern.compile(
          "(?<protocol>tcp|udp) (?:\\[(?<v6>[^\\[\\]\\s]*:[^\\[\\]\\s]*)]|(?<v4>[^:\\[\\]\\s]+))"
              + ":(?<port>\\*|0|[1-9][0-9]{0,4})");

  private final InetAddress address;
  private final Optional<Prefix> prefix;
  private final int port;
  private final Protocol protocol;

  private VipKey(InetAddress address, Optional<Prefix> prefix, int port, Protocol protocol) {
    this.address = address;
    this.prefix = prefix;
    this.port = port;
    this.protocol = protocol;
  }

  /**
   * Returns the key of a VIP for one TCP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the port is out of range, or the address is not a literal,
   *     has a zone, or is IPv4-mapped, unspecified, loopback, broadcast, multicast or link-local
   *     IPv6
   */
  public static VipKey tcp(String address, int port) {
    return parse(address, checkPort(address, port), Protocol.TCP);
  }

  /**
   * Returns the key of a VIP for every TCP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}
   * @throws IllegalArgumentException if the address is not a literal, has a zone, or is
   *     IPv4-mapped, unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static VipKey tcp(String address) {
    return parse(address, EVERY_PORT, Protocol.TCP);
  }

  /**
   * Returns the key of a VIP for one UDP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the port is out of range, or the address is not a literal,
   *     has a zone, or is IPv4-mapped, unspecified, loopback, broadcast, multicast or link-local
   *     IPv6
   */
  public static VipKey udp(String address, int port) {
    return parse(address, checkPort(address, port), Protocol.UDP);
  }

  /**
   * Returns the key of a VIP for every UDP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}
   * @throws IllegalArgumentException if the address is not a literal, has a zone, or is
   *     IPv4-mapped, unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static VipKey udp(String address) {
    return parse(address, EVERY_PORT, Protocol.UDP);
  }

  /**
   * Returns the key of a VIP for a single address.
   *
   * @param port 1 to 65535, or 0 for every port
   * @throws IllegalArgumentException if the port is out of range, or the address has a zone, or is
   *     IPv4-mapped, unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static VipKey of(Protocol protocol, InetAddress address, int port) {
    return new VipKey(
        Addresses.checkUnicast("VIP", address),
        Optional.empty(),
        Addresses.checkPort("VIP port", port),
        requireNonNull(protocol, "protocol"));
  }

  /**
   * Returns the key of a VIP for a single address and port.
   *
   * @throws IllegalArgumentException if the socket address is unresolved or has port 0, or as
   *     {@link #of(Protocol, InetAddress, int)}
   */
  public static VipKey of(Protocol protocol, InetSocketAddress address) {
    if (address.isUnresolved()) {
      throw new IllegalArgumentException(
          "VIP %s is a host name; host names are not resolved".formatted(address.getHostString()));
    }
    String host = Addresses.text(address.getAddress());
    return of(protocol, address.getAddress(), checkPort(host, address.getPort()));
  }

  /**
   * Returns the key of a VIP for all addresses of a prefix that have no VIP of their own.
   *
   * @param port 1 to 65535, or 0 for every port
   * @throws IllegalArgumentException if the port is out of range, or the prefix only has addresses
   *     that no VIP can have: loopback, link-local IPv6, multicast, broadcast or unspecified
   */
  public static VipKey of(Protocol protocol, Prefix prefix, int port) {
    return new VipKey(
        checkPrefix(prefix).address(),
        Optional.of(prefix),
        Addresses.checkPort("VIP port", port),
        requireNonNull(protocol, "protocol"));
  }

  /**
   * Parses the form that {@link #toString} returns.
   *
   * @throws IllegalArgumentException if the text has another form, or names an address or a port
   *     that no VIP can have
   */
  public static VipKey parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "VIP key \"%s\" is not of the form \"tcp 203.0.113.10:443\"".formatted(text));
    }
    String port = matcher.group("port");
    String address = matcher.group("v6") == null ? matcher.group("v4") : matcher.group("v6");
    return parse(
        address,
        port.equals("*") ? EVERY_PORT : checkPort(address, Integer.parseInt(port)),
        matcher.group("protocol").equals(Protocol.TCP.label()) ? Protocol.TCP : Protocol.UDP);
  }

  private static VipKey parse(String address, int port, Protocol protocol) {
    return address.indexOf('/') < 0
        ? of(protocol, Addresses.parse("VIP", address), port)
        : of(protocol, Prefix.of(address), port);
  }

  /** Rejects a prefix whose addresses are all of a kind that no VIP can have. */
  private static Prefix checkPrefix(Prefix prefix) {
    for (Prefix unusable : UNUSABLE) {
      if (unusable.length() <= prefix.length() && unusable.contains(prefix.address())) {
        throw new IllegalArgumentException(
            "VIP %s is in %s, whose addresses no VIP can have".formatted(prefix, unusable));
      }
    }
    return prefix;
  }

  private static int checkPort(String address, int port) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "VIP port %d of %s is not in 1..65535; leave the port out to match every port"
              .formatted(port, address));
    }
    return port;
  }

  /** Returns the address, or the first address of the prefix. */
  public InetAddress address() {
    return address;
  }

  /** Returns the prefix, or empty for a VIP of a single address. */
  public Optional<Prefix> prefix() {
    return prefix;
  }

  /** Returns the port, 1 to 65535, or 0 for every port. */
  public int port() {
    return port;
  }

  /** Returns whether the VIP matches every port. */
  public boolean matchesEveryPort() {
    return port == EVERY_PORT;
  }

  /** Returns the transport protocol. */
  public Protocol protocol() {
    return protocol;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VipKey that
        && address.equals(that.address)
        && prefix.equals(that.prefix)
        && port == that.port
        && protocol == that.protocol;
  }

  @Override
  public int hashCode() {
    return Objects.hash(address, prefix, port, protocol);
  }

  /** Returns the key in the form that {@link #parse} reads. */
  @Override
  public String toString() {
    String destination = prefix.map(Prefix::toString).orElseGet(() -> Addresses.text(address));
    return "%s %s:%s"
        .formatted(
            protocol.label(),
            destination.indexOf(':') < 0 ? destination : "[" + destination + "]",
            matchesEveryPort() ? "*" : port);
  }
}
