package dev.katran.internal.nexthop;

import dev.katran.internal.nexthop.Resolution.Unresolved;

/** The result of a route look-up. */
sealed interface Route {

  /**
   * A usable route.
   *
   * @param mtu the longest packet that it takes, in bytes without the Ethernet header
   */
  record Via(Gateway gateway, Device device, int mtu) implements Route {}

  /** No usable route. */
  record None(Unresolved why) implements Route {}
}
