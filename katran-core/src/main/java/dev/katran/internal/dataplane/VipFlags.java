package dev.katran.internal.dataplane;

import dev.katran.Hashing;
import dev.katran.Tracking;
import dev.katran.Vip;

/**
 * The flags of a VIP: {@code enum katran_vip_flag} of {@code katran.h}. Repeated here because
 * initialising the generated class calls restricted FFM methods, which the in-memory dataplane must
 * not need. {@code AbiTest} compares the two by name.
 */
public final class VipFlags {

  /** Leaves the source port out of the hash. */
  public static final int HASH_NO_SOURCE_PORT = 1 << 0;

  /** Hashes the destination port only. */
  public static final int HASH_DESTINATION_PORT_ONLY = 1 << 1;

  /** Hashes the destination port even if the VIP matches every port. */
  public static final int HASH_BOTH_PORTS = 1 << 2;

  /** Passes packets of local backends to the host. */
  public static final int LOCAL = 1 << 3;

  /** Routes by server ids in QUIC connection ids. */
  public static final int QUIC = 1 << 4;

  /** Routes by server ids in the UDP stable routing header. */
  public static final int UDP_STABLE_ROUTING = 1 << 5;

  /** Moves flows off backends in {@link Dataplane#down}. */
  public static final int UDP_FLOW_MIGRATION = 1 << 6;

  /** Lets {@link Dataplane#sourceRoutes} select the backend. */
  public static final int SOURCE_ROUTING = 1 << 7;

  /** Tracks every flow in the flow table. */
  public static final int TRACKED = 1 << 8;

  /** Counts flow table misses per backend. */
  public static final int WATCHED = 1 << 9;

  /** The flags that select the hash input. They cost nothing, so they are always enabled. */
  public static final int HASH = HASH_NO_SOURCE_PORT | HASH_DESTINATION_PORT_ONLY | HASH_BOTH_PORTS;

  /** All flags. */
  public static final int ALL = (1 << 10) - 1;

  private VipFlags() {}

  /** Returns the flags of a VIP, without {@link #WATCHED}. */
  public static int of(Vip vip) {
    return of(vip.hashing())
        | flag(vip.localDelivery(), LOCAL)
        | flag(vip.quic(), QUIC)
        | flag(vip.udpStableRouting(), UDP_STABLE_ROUTING)
        | flag(vip.udpFlowMigration(), UDP_FLOW_MIGRATION)
        | flag(vip.sourceRouting(), SOURCE_ROUTING)
        | flag(vip.tracking() == Tracking.ALWAYS, TRACKED);
  }

  /** Returns the flags that select the hash input. */
  public static int of(Hashing hashing) {
    return switch (hashing) {
      case FLOW -> 0;
      case SOURCE_ADDRESS -> HASH_NO_SOURCE_PORT;
      case DESTINATION_PORT -> HASH_DESTINATION_PORT_ONLY;
      case BOTH_PORTS -> HASH_BOTH_PORTS;
      case SOURCE_ADDRESS_AND_DESTINATION_PORT -> HASH_NO_SOURCE_PORT | HASH_BOTH_PORTS;
      case DESTINATION_PORT_UNIFORM -> HASH_DESTINATION_PORT_ONLY | HASH_NO_SOURCE_PORT;
    };
  }

  private static int flag(boolean isSet, int flag) {
    return isSet ? flag : 0;
  }
}
