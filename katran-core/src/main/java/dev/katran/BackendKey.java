package dev.katran;

import dev.katran.internal.net.Addresses;
import java.net.InetAddress;

/**
 * The identity of a {@link Backend}: what a balancer, its counters and its flow table know it by.
 * Today that is its address; a port and a forwarding method will follow, so compare keys, not
 * addresses.
 *
 * @since 0.1.0
 */
public final class BackendKey {

  private final InetAddress address;

  private BackendKey(InetAddress address) {
    this.address = address;
  }

  /**
   * Parses the key of the backend at an address.
   *
   * @param address IPv4 or IPv6 literal; host names are rejected
   * @throws IllegalArgumentException if it is not a literal, has a zone, or is IPv4-mapped,
   *     unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static BackendKey of(String address) {
    return of(Addresses.parse("backend", address));
  }

  /**
   * Returns the key of the backend at an address.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified,
   *     loopback, broadcast, multicast or link-local IPv6
   */
  public static BackendKey of(InetAddress address) {
    return new BackendKey(Addresses.checkUnicast("backend", address));
  }

  /** Returns the address that packets for the backend are sent to. */
  public InetAddress address() {
    return address;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BackendKey that && address.equals(that.address);
  }

  @Override
  public int hashCode() {
    return address.hashCode();
  }

  /** Returns the address as a literal, IPv6 compressed as in RFC 5952. */
  @Override
  public String toString() {
    return Addresses.text(address);
  }
}
