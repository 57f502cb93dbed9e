package dev.katran.internal.dataplane;

/** The capacities that users cannot configure. */
public final class TableCapacity {

  /** The capacity of {@link Dataplane#tunnelEndpoints}. */
  public static final int TUNNEL_ENDPOINTS = 1 << 12;

  /** The capacity of {@link Dataplane#down}. */
  public static final int DOWN = 1 << 14;

  private TableCapacity() {}
}
