package dev.katran.internal.packet;

/**
 * A flow, in the direction from the client to the VIP. Routing is a function of it. C counterpart:
 * {@code struct katran_flow}.
 *
 * @param source the client's address
 * @param destination the address of the VIP, of the same family
 * @param sourcePort the client's port, 0 to 65535
 * @param destinationPort the VIP's port, 0 to 65535
 * @param protocol {@link #TCP} or {@link #UDP}
 */
public record FiveTuple(
    Address source, Address destination, int sourcePort, int destinationPort, int protocol) {

  /** The protocol number of ICMP. */
  public static final int ICMP = 1;

  /** The protocol number of TCP. */
  public static final int TCP = 6;

  /** The protocol number of UDP. */
  public static final int UDP = 17;

  /** The next header value of IPv6's fragment header. */
  static final int FRAGMENT = 44;

  /** The protocol number of ICMPv6. */
  public static final int ICMPV6 = 58;

  /** Returns a copy with another source address. */
  public FiveTuple withSource(Address source) {
    return new FiveTuple(source, destination, sourcePort, destinationPort, protocol);
  }

  /** Returns a copy with another source port. */
  public FiveTuple withSourcePort(int sourcePort) {
    return new FiveTuple(source, destination, sourcePort, destinationPort, protocol);
  }

  /** Returns a copy with another destination port. */
  public FiveTuple withDestinationPort(int destinationPort) {
    return new FiveTuple(source, destination, sourcePort, destinationPort, protocol);
  }

  /** Returns the flow in the opposite direction. */
  FiveTuple reversed() {
    return new FiveTuple(
        /* source= */ destination,
        /* destination= */ source,
        /* sourcePort= */ destinationPort,
        /* destinationPort= */ sourcePort,
        protocol);
  }
}
