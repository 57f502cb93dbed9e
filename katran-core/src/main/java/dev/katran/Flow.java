package dev.katran;

import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.Objects;

/**
 * A flow: the packets from one client's address and port to one address and port, as they arrive at
 * the balancer.
 *
 * @param source the client's address
 * @param sourcePort the client's port, 0 to 65535
 * @param destination the address the client sends to, of the same family as {@code source}
 * @param destinationPort the port the client sends to, 0 to 65535
 * @param protocol the transport protocol
 * @since 0.1.0
 */
public record Flow(
    InetAddress source,
    int sourcePort,
    InetAddress destination,
    int destinationPort,
    Protocol protocol) {

  /**
   * Creates a flow.
   *
   * @throws IllegalArgumentException if a port is out of range, the addresses are not of one
   *     family, or one of them has a zone or is IPv4-mapped IPv6
   */
  public Flow {
    Addresses.check("source", source);
    Addresses.checkPort("source port", sourcePort);
    Addresses.check("destination", destination);
    Addresses.checkPort("destination port", destinationPort);
    Objects.requireNonNull(protocol, "protocol");
    if (source.getClass() != destination.getClass()) {
      throw new IllegalArgumentException(
          "source %s and destination %s are of different families"
              .formatted(Addresses.text(source), Addresses.text(destination)));
    }
  }

  /**
   * Returns the flow of a TCP connection.
   *
   * @param source IPv4 or IPv6 literal; host names are rejected
   * @param sourcePort 0 to 65535
   * @param destination literal of the same family
   * @param destinationPort 0 to 65535
   * @throws IllegalArgumentException as the constructor, or if an address is not a literal
   */
  public static Flow tcp(String source, int sourcePort, String destination, int destinationPort) {
    return of(source, sourcePort, destination, destinationPort, Protocol.TCP);
  }

  /**
   * Returns a flow of UDP datagrams.
   *
   * @param source IPv4 or IPv6 literal; host names are rejected
   * @param sourcePort 0 to 65535
   * @param destination literal of the same family
   * @param destinationPort 0 to 65535
   * @throws IllegalArgumentException as the constructor, or if an address is not a literal
   */
  public static Flow udp(String source, int sourcePort, String destination, int destinationPort) {
    return of(source, sourcePort, destination, destinationPort, Protocol.UDP);
  }

  private static Flow of(
      String source, int sourcePort, String destination, int destinationPort, Protocol protocol) {
    return new Flow(
        Addresses.parse("source", source),
        sourcePort,
        Addresses.parse("destination", destination),
        destinationPort,
        protocol);
  }

  /** Returns text such as {@code tcp 198.51.100.7:49152 -> 203.0.113.10:443}. */
  @Override
  public String toString() {
    return "%s %s -> %s"
        .formatted(
            protocol.label(),
            Addresses.text(source, sourcePort),
            Addresses.text(destination, destinationPort));
  }
}
