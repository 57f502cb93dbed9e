package dev.katran.ffm.net;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A change in a network namespace, as {@link RtnetlinkMonitor} reports it. New kinds may be added.
 *
 * @since 0.1.0
 */
public sealed interface NetworkEvent {

  /**
   * An interface is new or has changed: its name, state, MTU, MAC address, XDP program, ... The
   * kernel also reports interfaces of which nothing changed that {@link Link} shows.
   *
   * @param link the interface, after the change
   * @since 0.1.0
   */
  record LinkChanged(Link link) implements NetworkEvent {}

  /**
   * An interface was deleted, or moved to another namespace. Its index is not used again soon.
   *
   * @param link the interface as it was
   * @since 0.1.0
   */
  record LinkDeleted(Link link) implements NetworkEvent {}

  /**
   * A neighbour is new or has changed.
   *
   * @param index the index of the interface
   * @param address the neighbour's address, IPv6 without a scope
   * @param mac its MAC address, or null if it is unknown or the interface has no MAC addresses;
   *     only meaningful in a {@link NeighbourState#usable} state
   * @param state the state of the entry
   * @since 0.1.0
   */
  record NeighbourChanged(
      int index, InetAddress address, @Nullable MacAddress mac, NeighbourState state)
      implements NetworkEvent {}

  /**
   * A neighbour was removed from the neighbour table.
   *
   * @param index the index of the interface
   * @param address the neighbour's address, IPv6 without a scope
   * @since 0.1.0
   */
  record NeighbourDeleted(int index, InetAddress address) implements NetworkEvent {}

  /**
   * Routes, policy rules or next hop objects have changed, of IPv4 or IPv6. Changes that follow
   * each other closely are reported as one.
   *
   * @since 0.1.0
   */
  record RoutesChanged() implements NetworkEvent {}

  /**
   * Events were lost because they came faster than the listener handled them. What is known must be
   * read again.
   *
   * @since 0.1.0
   */
  record EventsLost() implements NetworkEvent {}
}
