package dev.katran;

import java.net.InetAddress;
import java.util.Objects;

/**
 * What tells one {@link Vip} from another: the destination that clients send to.
 *
 * @param address the address that clients send to
 * @param port the port that clients send to, 1 to 65535; 0 is every port for which there is no VIP
 *     of its own
 * @param protocol the transport protocol
 */
public record VipKey(InetAddress address, int port, Protocol protocol) {

  /**
   * A key.
   *
   * @throws IllegalArgumentException if the port is out of range, or the address has a zone, or is
   *     IPv4-mapped, unspecified or multicast
   */
  public VipKey {
    Addresses.checkUnicast("VIP", address);
    Addresses.checkPort("VIP port", port);
    Objects.requireNonNull(protocol, "protocol");
  }

  /**
   * As in {@code tcp 203.0.113.10:443}, {@code tcp [fc00::1]:443} or {@code tcp 203.0.113.10 (every
   * port)}.
   */
  @Override
  public String toString() {
    return protocol.label()
        + " "
        + (port == 0 ? Addresses.text(address) + " (every port)" : Addresses.text(address, port));
  }
}
