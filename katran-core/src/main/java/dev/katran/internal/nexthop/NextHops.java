package dev.katran.internal.nexthop;

import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;

/** Finds the next hops of backends and follows them. Thread-safe. */
public interface NextHops extends AutoCloseable {

  /** Returns a resolver with the same next hop for every backend. */
  static NextHops fixed(Hop hop) {
    return new FixedNextHops(hop);
  }

  /**
   * Returns a resolver that uses the kernel's routes, in the calling thread's network namespace. If
   * the interface belongs to a VRF, the routes are the VRF's.
   *
   * @param ifindex returns the index of the interface on which packets arrive, the first of
   *     several; it changes when the interface is deleted and comes back
   * @param isOnly whether packets arrive on no other one, so that hops need not name it
   */
  static NextHops routed(IntSupplier ifindex, boolean isOnly) {
    return RoutedNextHops.open(ifindex, isOnly);
  }

  /**
   * Finds the next hops of backends, and follows them from now on. Does not return early if the
   * thread is interrupted.
   *
   * @param timeout how long to wait, at most, until each is resolved or known to be unresolvable
   * @return what is known about each of them then
   */
  Map<InetAddress, Resolution> resolve(Set<InetAddress> backends, Duration timeout);

  /** Stops following all backends but these. */
  void retain(Set<InetAddress> backends);

  /** Returns what is known about all followed backends, an immutable map. Makes no system call. */
  Map<InetAddress, Resolution> current();

  /**
   * Calls a listener whenever {@link #current} has changed, from a thread of the resolver that
   * holds no lock. Changes that follow each other closely are reported as one.
   */
  void onChange(Runnable listener);

  /** Stops following. No listener is called after this returns, unless a listener calls it. */
  @Override
  void close();
}
