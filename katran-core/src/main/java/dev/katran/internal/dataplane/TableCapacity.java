package dev.katran.internal.dataplane;

import dev.katran.Limits;

/** The capacities that users cannot configure. */
public final class TableCapacity {

  /** The capacity of {@link Dataplane#tunnelEndpoints}. */
  public static final int TUNNEL_ENDPOINTS = 1 << 12;

  /** The capacity of {@link Dataplane#down}. */
  public static final int DOWN = 1 << 14;

  /**
   * Returns the capacity of {@link Dataplane#reverse}: many VIPs may share a backend that keeps
   * their ports.
   */
  public static int reverse(Limits limits) {
    return Math.max(1 << 16, 4 * limits.backends());
  }

  private TableCapacity() {}
}
