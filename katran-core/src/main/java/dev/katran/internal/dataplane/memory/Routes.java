package dev.katran.internal.dataplane.memory;

import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Hop;

/** The host's routes, by which it forwards packets: what {@code bpf_fib_lookup} finds in Java. */
@FunctionalInterface
public interface Routes {

  /** The routes of a host that forwards nothing. */
  Routes NONE = (source, destination, length) -> Route.Unsent.NOT_FORWARDED;

  /** What becomes of a packet. */
  sealed interface Route {

    /** The program sends the packet to a next hop. */
    record Sent(Hop hop) implements Route {}

    /** The program cannot send the packet. */
    enum Unsent implements Route {
      /** The host can: it has to resolve the next hop, or the interface takes no such frames. */
      BY_HOST,
      /** The packet is longer than its route allows. */
      TOO_LONG,
      /** The packet is for the host itself, or has no route, or the host forwards nothing. */
      NOT_FORWARDED
    }
  }

  /**
   * Returns the route of a packet.
   *
   * @param source the address of a VIP
   * @param destination a unicast address
   * @param length the packet's length with its IP header, in bytes
   */
  Route find(Address source, Address destination, int length);
}
