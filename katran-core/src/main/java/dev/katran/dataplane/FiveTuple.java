package dev.katran.dataplane;

/**
 * A connection, as its client names it: what routing is a function of.
 *
 * @param source the client's address
 * @param destination the address of the VIP, of the same family
 * @param sourcePort 0 to 65535
 * @param destinationPort 0 to 65535
 * @param protocol {@link #TCP} or {@link #UDP}
 */
public record FiveTuple(
    Address source, Address destination, int sourcePort, int destinationPort, int protocol) {

  static final int ICMP = 1;

  /** TCP's protocol number. */
  public static final int TCP = 6;

  /** UDP's protocol number. */
  public static final int UDP = 17;

  static final int FRAGMENT = 44;
  static final int ICMPV6 = 58;

  FiveTuple withSource(Address source) {
    return new FiveTuple(source, destination, sourcePort, destinationPort, protocol);
  }

  FiveTuple withSourcePort(int sourcePort) {
    return new FiveTuple(source, destination, sourcePort, destinationPort, protocol);
  }

  FiveTuple withDestinationPort(int destinationPort) {
    return new FiveTuple(source, destination, sourcePort, destinationPort, protocol);
  }

  /** The same connection as seen by packets that go the other way. */
  FiveTuple turnedRound() {
    return new FiveTuple(
        /* source= */ destination,
        /* destination= */ source,
        /* sourcePort= */ destinationPort,
        /* destinationPort= */ sourcePort,
        protocol);
  }
}
