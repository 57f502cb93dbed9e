package dev.katran;

/**
 * Selects which fields of a flow are hashed. Flows that agree in these fields go to the same
 * backend.
 *
 * <p>The VIP's address and protocol select the ring, so they are never hashed. On a VIP for every
 * port the destination port counts as 0, so that all ports of one client connection reach the same
 * backend, unless the constant says otherwise.
 *
 * <p>More constants may be added: a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum Hashing {
  /** Source address, source port and destination port: each connection on its own. */
  FLOW,

  /**
   * Source address and destination port: all connections of a client to one port stay together.
   * Clients behind one NAT address count as one client.
   */
  SOURCE_ADDRESS,

  /**
   * Destination port only: all clients of a port stay together, even on a VIP for every port. For
   * services that give each room, call or shard its own port.
   */
  DESTINATION_PORT,

  /** As {@link #FLOW}, but on a VIP for every port the destination port is hashed as well. */
  BOTH_PORTS,

  /**
   * As {@link #SOURCE_ADDRESS}, but on a VIP for every port the destination port is hashed as well.
   */
  SOURCE_ADDRESS_AND_DESTINATION_PORT,

  /**
   * As {@link #DESTINATION_PORT}, and the outer header does not depend on the source port either:
   * all packets to a port look alike on their way to the backend.
   */
  DESTINATION_PORT_UNIFORM
}
