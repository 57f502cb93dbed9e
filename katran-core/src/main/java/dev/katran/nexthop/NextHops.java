package dev.katran.nexthop;

import dev.katran.dataplane.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;

/** Finds the next hop towards each backend. */
public interface NextHops extends AutoCloseable {

  /** Every frame goes to the same next hop. */
  static NextHops fixed(Hop hop) {
    return new FixedNextHops(hop);
  }

  /**
   * As the kernel routes, in the network namespace of the calling thread.
   *
   * @param ifindex the interface that packets come in by
   */
  static NextHops routed(int ifindex) {
    return RoutedNextHops.open(ifindex);
  }

  /**
   * The next hops towards some backends; one that is not known is not in the answer. May be asked
   * again at any time, and answers what is true then.
   *
   * @param patience how long to wait for neighbours that do not answer at once
   */
  Map<InetAddress, Hop> resolve(Collection<InetAddress> backends, Duration patience);

  /** Whether an answer can become another one later. */
  boolean changes();

  @Override
  void close();
}
