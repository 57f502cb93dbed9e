package dev.katran.internal.configuration;

import dev.katran.BackendKey;
import dev.katran.Vip;

/**
 * Source routes take flows of every VIP that follows them to their backends. Those that are
 * rewritten must belong to all these VIPs, or else their answers would not get the VIP's address
 * back.
 */
public final class RoutedAnswers {

  private RoutedAnswers() {}

  /**
   * Checks that a VIP has a rewritten backend that a source route names.
   *
   * @throws IllegalArgumentException if it follows source routes and has not
   */
  public static void check(Vip vip, BackendKey routed) {
    if (vip.sourceRouting() && vip.backend(routed).isEmpty()) {
      throw new IllegalArgumentException(
          "%s follows source routes, one of which leads to backend %s via REWRITE, whose answers would not get the VIP's address; add the backend to the VIP, with weight 0 if need be"
              .formatted(vip.key(), routed));
    }
  }
}
