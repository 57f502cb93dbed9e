package dev.katran;

import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The identity of a {@link Backend}: what a balancer, its counters and its flow table know it by.
 * That is its address and, if it has one of its own, its port: one server can be several backends.
 *
 * <p>{@link #toString} and {@link #parse} are inverse:
 *
 * {@snippet :
 * BackendKey.of("10.0.0.11").toString();         // "10.0.0.11"
 * BackendKey.of("10.0.0.11", 8080).toString();   // "10.0.0.11:8080"
 * BackendKey.of("fc00::11", 8080).toString();    // "[fc00::11]:8080"
 * }
 *
 * @since 0.1.0
 */
public final class BackendKey {

  /** The port of a backend that serves at the port of its VIP, {@value}. */
  static final int PORT_OF_VIP = 0;

  private static final Pattern WITH_PORT =
      Pattern.compile(
          "(?:\\[(?<v6>[^\\[\\]\\s]*:[^\\[\\]\\s]*)]|(?<v4>[^:\\[\\]\\s]+)):(?<port>[1-9][0-9]{0,4})");

  private final InetAddress address;
  private final int port;

  private BackendKey(InetAddress address, int port) {
    this.address = address;
    this.port = port;
  }

  /**
   * Parses the address of a backend and returns the key of the backend that serves there at the
   * port of its VIP.
   *
   * @param address IPv4 or IPv6 literal; host names are rejected
   * @throws IllegalArgumentException if it is not a literal, has a zone, or is IPv4-mapped,
   *     unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static BackendKey of(String address) {
    return of(address, PORT_OF_VIP);
  }

  /**
   * Parses the address of a backend and returns the key of the backend at a port of it.
   *
   * @param address IPv4 or IPv6 literal; host names are rejected
   * @param port 1 to 65535, or 0 for the port of the VIP
   * @throws IllegalArgumentException if the port is out of range, or as {@link #of(String)}
   */
  public static BackendKey of(String address, int port) {
    return of(Addresses.parse("backend", address), port);
  }

  /**
   * Returns the key of the backend at an address, which serves at the port of its VIP.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified,
   *     loopback, broadcast, multicast or link-local IPv6
   */
  public static BackendKey of(InetAddress address) {
    return of(address, PORT_OF_VIP);
  }

  /**
   * Returns the key of the backend at an address and port.
   *
   * @param port 1 to 65535, or 0 for the port of the VIP
   * @throws IllegalArgumentException if the port is out of range, or as {@link #of(InetAddress)}
   */
  public static BackendKey of(InetAddress address, int port) {
    InetAddress checked = Addresses.checkUnicast("backend", address);
    return new BackendKey(
        checked, Addresses.checkPort("port of backend " + Addresses.text(checked), port));
  }

  /**
   * Parses the form that {@link #toString} returns.
   *
   * @throws IllegalArgumentException if the text has another form, or names an address or a port
   *     that no backend can have
   */
  public static BackendKey parse(String text) {
    Matcher matcher = WITH_PORT.matcher(text);
    if (!matcher.matches()) {
      return of(text);
    }
    String address = matcher.group("v6") == null ? matcher.group("v4") : matcher.group("v6");
    return of(address, Integer.parseInt(matcher.group("port")));
  }

  /** Returns the address that packets for the backend are sent to. */
  public InetAddress address() {
    return address;
  }

  /** Returns the port that it serves at, 1 to 65535, or 0 for the port of its VIP. */
  public int port() {
    return port;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BackendKey that && address.equals(that.address) && port == that.port;
  }

  @Override
  public int hashCode() {
    return 31 * address.hashCode() + port;
  }

  /**
   * Returns the address as a literal, IPv6 compressed as in RFC 5952, with the port if it has one.
   */
  @Override
  public String toString() {
    return port == PORT_OF_VIP ? Addresses.text(address) : Addresses.text(address, port);
  }
}
