package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.Objects;

/**
 * What a {@link SourceRestorer} puts in place of a server's address and port: the VIP that the
 * client has sent its packets to. Immutable.
 *
 * {@snippet :
 * Restoration.of(VipKey.tcp("203.0.113.10", 443), "10.0.0.11", 8443);
 * }
 *
 * @since 0.1.0
 */
public final class Restoration {

  private final VipKey vip;
  private final InetAddress address;
  private final int port;

  private Restoration(VipKey vip, InetAddress address, int port) {
    this.vip = vip;
    this.address = address;
    this.port = port;
  }

  /**
   * Restores a VIP in the packets from an address and the VIP's own port. For a VIP of every port,
   * in the packets from all ports that have no restoration of their own; the ports stay.
   *
   * @param address the server's IPv4 or IPv6 literal
   * @throws IllegalArgumentException as {@link #of(VipKey, InetAddress, int)}, or if the address is
   *     not a literal
   */
  public static Restoration of(VipKey vip, String address) {
    return new Restoration(
        checkVip(vip), checkAddress(vip, Addresses.parse("backend", address)), vip.port());
  }

  /**
   * Restores a VIP in the packets from an address and port.
   *
   * @param address the server's IPv4 or IPv6 literal
   * @param port the server's port, 1 to 65535
   * @throws IllegalArgumentException as {@link #of(VipKey, InetAddress, int)}, or if the address is
   *     not a literal
   */
  public static Restoration of(VipKey vip, String address, int port) {
    return of(vip, Addresses.parse("backend", address), port);
  }

  /**
   * Restores a VIP in the packets from an address and port.
   *
   * @param port the server's port, 1 to 65535
   * @throws IllegalArgumentException if the port is out of range; if the VIP is a prefix, or one of
   *     every port, which keeps its ports; if VIP and server are of different families; or if the
   *     address has a zone, or is IPv4-mapped, unspecified, loopback, broadcast, multicast or
   *     link-local IPv6
   */
  public static Restoration of(VipKey vip, InetAddress address, int port) {
    checkVip(vip);
    checkAddress(vip, address);
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "backend port %d of %s is not in 1..65535".formatted(port, Addresses.text(address)));
    }
    if (vip.matchesEveryPort()) {
      throw new IllegalArgumentException(
          "VIP %s matches every port and keeps it; leave out port %d of backend %s"
              .formatted(vip, port, Addresses.text(address)));
    }
    return new Restoration(vip, address, port);
  }

  private static VipKey checkVip(VipKey vip) {
    requireNonNull(vip, "vip");
    if (vip.prefix().isPresent()) {
      throw new IllegalArgumentException(
          "VIP %s is a prefix; the source of answers can only be a single address".formatted(vip));
    }
    return vip;
  }

  private static InetAddress checkAddress(VipKey vip, InetAddress address) {
    Addresses.checkUnicast("backend", address);
    if (address.getClass() != vip.address().getClass()) {
      throw new IllegalArgumentException(
          "backend %s cannot answer as VIP %s: one is IPv4, the other IPv6"
              .formatted(Addresses.text(address), vip));
    }
    return address;
  }

  /** Returns the VIP that becomes the source. */
  public VipKey vip() {
    return vip;
  }

  /** Returns the address that the server answers from. */
  public InetAddress address() {
    return address;
  }

  /** Returns the port that the server answers from, 1 to 65535, or 0 for every port. */
  public int port() {
    return port;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Restoration that
        && vip.equals(that.vip)
        && address.equals(that.address)
        && port == that.port;
  }

  @Override
  public int hashCode() {
    return Objects.hash(vip, address, port);
  }

  /** Returns text such as {@code 10.0.0.11:8443 answers as tcp 203.0.113.10:443}. */
  @Override
  public String toString() {
    String host = Addresses.text(address);
    return "%s:%s answers as %s"
        .formatted(host.indexOf(':') < 0 ? host : "[" + host + "]", port == 0 ? "*" : port, vip);
  }
}
