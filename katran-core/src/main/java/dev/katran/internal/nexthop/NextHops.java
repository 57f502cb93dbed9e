package dev.katran.internal.nexthop;

import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.function.IntSupplier;

/** Resolves the next hop of each backend. */
public interface NextHops extends AutoCloseable {

  /** Returns a resolver with the same next hop for every backend. */
  static NextHops fixed(Hop hop) {
    return new FixedNextHops(hop);
  }

  /**
   * Returns a resolver that uses the kernel's routes, in the calling thread's network namespace.
   *
   * @param ingress the index of the interface on which packets arrive, now
   */
  static NextHops routed(IntSupplier ingress) {
    return RoutedNextHops.open(ingress);
  }

  /**
   * Resolves the current next hops of backends. The result has no entry for a backend whose next
   * hop is unknown.
   *
   * @param timeout how long to wait for neighbours that do not answer at once
   */
  Map<InetAddress, Hop> resolve(Collection<InetAddress> backends, Duration timeout);

  /** Returns whether next hops can change after they were resolved. */
  boolean changes();

  @Override
  void close();
}
