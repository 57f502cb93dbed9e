package dev.katran;

import dev.katran.dataplane.VipFlags;

/**
 * What of a flow decides its backend: flows that agree in it go to the same one.
 *
 * <p>All of these presume one {@link Vip}: its address and protocol chose the ring before anything
 * is hashed. On a VIP that stands for every port the destination port counts as 0, so that all
 * ports of one client connection meet at one backend, unless the constant says otherwise.
 */
public enum Hashing {
  /** Source address, source port and destination port: every connection on its own. */
  FLOW(0),

  /**
   * Source address and destination port: all connections of a client to one port stay together.
   *
   * <p>Clients behind one address translator count as one client.
   */
  SOURCE_ADDRESS(VipFlags.HASH_NO_SOURCE_PORT),

  /**
   * Destination port alone: all clients of a port stay together, also on a VIP for every port.
   *
   * <p>For services that give each of their rooms, calls or shards a port of its own.
   */
  DESTINATION_PORT(VipFlags.HASH_DESTINATION_PORT_ONLY),

  /** As {@link #FLOW}, but on a VIP for every port the destination port is hashed as well. */
  BOTH_PORTS(VipFlags.HASH_BOTH_PORTS),

  /**
   * As {@link #SOURCE_ADDRESS}, but on a VIP for every port the destination port is hashed as well.
   */
  SOURCE_ADDRESS_AND_DESTINATION_PORT(VipFlags.HASH_NO_SOURCE_PORT | VipFlags.HASH_BOTH_PORTS),

  /**
   * As {@link #DESTINATION_PORT}, and the outer header tells nothing of the source port either: all
   * packets to a port look alike on their way to the backend.
   */
  DESTINATION_PORT_UNIFORM(VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_NO_SOURCE_PORT);

  private final int flags;

  Hashing(int flags) {
    this.flags = flags;
  }

  /**
   * What of a flow is hashed, with the rest set to 0.
   *
   * @param exactPort whether the VIP has the flow's port, not every port
   */
  Flow hashed(Flow flow, boolean exactPort) {
    int destinationPort = destinationPort(flow, exactPort);
    if ((flags & VipFlags.HASH_DESTINATION_PORT_ONLY) != 0) {
      return new Flow(
          Addresses.unspecifiedLike(flow.source()),
          destinationPort,
          flow.destination(),
          destinationPort,
          flow.protocol());
    }
    return tracked(flow, exactPort);
  }

  /** How the flow table names the flow: with the ports that take no part set to 0. */
  Flow tracked(Flow flow, boolean exactPort) {
    int sourcePort = (flags & VipFlags.HASH_NO_SOURCE_PORT) != 0 ? 0 : flow.sourcePort();
    return new Flow(
        flow.source(),
        sourcePort,
        flow.destination(),
        destinationPort(flow, exactPort),
        flow.protocol());
  }

  private int destinationPort(Flow flow, boolean exactPort) {
    return keepsDestinationPort(exactPort) ? flow.destinationPort() : 0;
  }

  private boolean keepsDestinationPort(boolean exactPort) {
    return exactPort
        || (flags & (VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_BOTH_PORTS)) != 0;
  }

  /** Whether the flow table has the same names for flows with either, see {@link #tracked}. */
  boolean tracksLike(Hashing other, boolean exactPort) {
    int sourcePort = VipFlags.HASH_NO_SOURCE_PORT;
    return (flags & sourcePort) == (other.flags & sourcePort)
        && keepsDestinationPort(exactPort) == other.keepsDestinationPort(exactPort);
  }

  /** {@link VipFlags} for the dataplane. */
  int flags() {
    return flags;
  }
}
