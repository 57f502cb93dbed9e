package dev.katran.dataplane;

import dev.katran.Limits;
import dev.katran.ring.FlowHash;

/** Which slot of its VIP's ring a flow is in. */
public final class FlowSlots {

  private FlowSlots() {}

  /**
   * The slot of a flow.
   *
   * @param vipFlags the {@link VipFlags} of its VIP
   * @param flow with the ports as the VIP hashes them
   */
  public static int slot(Limits limits, int vipFlags, FiveTuple flow) {
    boolean isPortAlone = (vipFlags & VipFlags.HASH_DESTINATION_PORT_ONLY) != 0;
    Address source = isPortAlone ? flow.source().zero() : flow.source();
    int hash =
        FlowHash.hash(
            source.toByteArray(),
            isPortAlone ? flow.destinationPort() : flow.sourcePort(),
            flow.destinationPort(),
            limits.vips(),
            limits.ringSize());
    return FlowHash.slot(hash, limits.ringSize());
  }
}
