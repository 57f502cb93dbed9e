package dev.katran.internal.dataplane;

import dev.katran.Flow;
import dev.katran.Limits;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.ring.FlowHash;

/**
 * Maps flows to flow table keys and ring slots according to a VIP's hash flags. Shared by the
 * control plane and the in-memory dataplane. The C counterparts are {@code vip.h} for keys and
 * {@code choose.h} for slots.
 */
public final class FlowHashing {

  private static final int ANY_PORT = 0;

  private FlowHashing() {}

  /** Returns the five-tuple of a flow. */
  public static FiveTuple tuple(Flow flow) {
    return new FiveTuple(
        Address.of(flow.source()),
        Address.of(flow.destination()),
        flow.sourcePort(),
        flow.destinationPort(),
        flow.protocol().number());
  }

  /**
   * Returns a flow's key in the flow table: the flow, with ports that the VIP does not hash set to
   * 0.
   *
   * @param vipFlags the {@link VipFlags} of the matching VIP
   * @param isExact whether the VIP has the flow's own address and port; see {@link
   *     VipLookup.Match#isExact}
   */
  public static FiveTuple key(int vipFlags, FiveTuple flow, boolean isExact) {
    FiveTuple key =
        keepsDestinationPort(vipFlags, isExact) ? flow : flow.withDestinationPort(ANY_PORT);
    return (vipFlags & VipFlags.HASH_NO_SOURCE_PORT) != 0 ? key.withSourcePort(ANY_PORT) : key;
  }

  /** Returns whether both sets of flags give a flow the same {@link #key}. */
  public static boolean sameKeys(int vipFlags, int otherFlags, boolean isExact) {
    return ((vipFlags ^ otherFlags) & VipFlags.HASH_NO_SOURCE_PORT) == 0
        && keepsDestinationPort(vipFlags, isExact) == keepsDestinationPort(otherFlags, isExact);
  }

  private static boolean keepsDestinationPort(int vipFlags, boolean isExact) {
    return isExact
        || (vipFlags & (VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_BOTH_PORTS)) != 0;
  }

  /**
   * Returns the ring slot of a flow.
   *
   * @param vipFlags the {@link VipFlags} of the matching VIP
   * @param key the flow's {@link #key}
   */
  public static int slot(Limits limits, int vipFlags, FiveTuple key) {
    boolean isPortOnly = (vipFlags & VipFlags.HASH_DESTINATION_PORT_ONLY) != 0;
    Address source = isPortOnly ? key.source().zero() : key.source();
    int hash =
        FlowHash.hash(
            source.toByteArray(),
            isPortOnly ? key.destinationPort() : key.sourcePort(),
            key.destinationPort(),
            limits.hashSeed(),
            limits.ringSize());
    return FlowHash.slot(hash, limits.ringSize());
  }
}
