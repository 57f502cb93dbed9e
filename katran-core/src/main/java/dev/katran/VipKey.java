package dev.katran;

import dev.katran.dataplane.Destination;
import java.net.InetAddress;
import java.util.Objects;

/**
 * What tells one {@link Vip} from another: the destination that clients send to.
 *
 * @param address the address that clients send to, or the first one of the prefix
 * @param prefixLength bits that the addresses have in common, if the VIP stands for all addresses
 *     of a prefix; {@link #ONE_ADDRESS} if it stands for one
 * @param port the port that clients send to, 1 to 65535; 0 is every port for which there is no VIP
 *     of its own
 * @param protocol the transport protocol
 */
public record VipKey(InetAddress address, int prefixLength, int port, Protocol protocol) {

  /** The prefix length of a VIP that stands for one address and no prefix. */
  public static final int ONE_ADDRESS = Destination.ONE_ADDRESS;

  /**
   * A key.
   *
   * @throws IllegalArgumentException if the port is out of range, or the address has a zone, or is
   *     IPv4-mapped, unspecified or multicast, or has bits beyond the prefix
   */
  public VipKey {
    if (prefixLength == ONE_ADDRESS) {
      Addresses.checkUnicast("VIP", address);
    } else {
      new Prefix(address, prefixLength);
    }
    Addresses.checkPort("VIP port", port);
    Objects.requireNonNull(protocol, "protocol");
  }

  /**
   * The key of a VIP that stands for one address.
   *
   * @throws IllegalArgumentException if the port is out of range, or the address has a zone, or is
   *     IPv4-mapped, unspecified or multicast
   */
  public VipKey(InetAddress address, int port, Protocol protocol) {
    this(address, ONE_ADDRESS, port, protocol);
  }

  /** The key of what is written as an address, or as a prefix such as {@code 203.0.113.0/24}. */
  static VipKey parse(String literal, int port, Protocol protocol) {
    if (literal.indexOf('/') < 0) {
      return new VipKey(Addresses.parse("VIP", literal), port, protocol);
    }
    Prefix prefix = Prefix.of(literal);
    return new VipKey(prefix.address(), prefix.length(), port, protocol);
  }

  /** Whether a packet to the address may be for this VIP. */
  boolean covers(InetAddress destination) {
    return isPrefix()
        ? new Prefix(address, prefixLength).contains(destination)
        : address.equals(destination);
  }

  /** Whether the VIP stands for all addresses of a prefix. */
  public boolean isPrefix() {
    return prefixLength != ONE_ADDRESS;
  }

  /** The addresses alone. */
  Destination destination() {
    return new Destination(address, prefixLength);
  }

  /**
   * As in {@code tcp 203.0.113.10:443}, {@code tcp [fc00::1]:443}, {@code tcp 203.0.113.10 (every
   * port)} or {@code tcp 203.0.113.0/24 port 443}.
   */
  @Override
  public String toString() {
    if (isPrefix()) {
      return "%s %s/%d %s"
          .formatted(
              protocol.label(),
              Addresses.text(address),
              prefixLength,
              port == 0 ? "(every port)" : "port " + port);
    }
    return protocol.label()
        + " "
        + (port == 0 ? Addresses.text(address) + " (every port)" : Addresses.text(address, port));
  }
}
