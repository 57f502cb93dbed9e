package dev.katran.internal.dataplane;

/**
 * The action for packets decapsulated at a tunnel endpoint: {@code enum katran_tunnel_end} of
 * {@code katran.h}. Repeated here for the same reason as {@link VipFlags}. {@code AbiTest} compares
 * the two by name.
 */
public final class TunnelAction {

  /** Balances the inner packet. */
  public static final int RECIRCULATE = 1;

  /** Sends the inner packet back out. GUE only. */
  public static final int EGRESS = 2;

  private TunnelAction() {}
}
