package dev.katran.internal.nexthop;

import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NetworkException;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** The kernel's routes and neighbours, as {@link RoutedNextHops} needs them. Thread-safe. */
interface Routing extends AutoCloseable {

  /** Looks up the route to a backend. */
  Route route(InetAddress backend);

  /** Returns whether the interface exists that the packets come in by. */
  boolean hasIngress();

  /** Forgets what it knows about interfaces, because one has changed. */
  void forgetInterfaces();

  /** Returns the kernel's entry of a neighbour, or null if there is none. */
  @Nullable Neighbour neighbour(Gateway gateway);

  /**
   * Starts resolution of a neighbour's MAC address, or its confirmation.
   *
   * @throws NetworkException with ENOBUFS if the kernel's neighbour table is full, or with another
   *     error if the interface is down or gone
   */
  void probe(Gateway gateway);

  @Override
  void close();
}
