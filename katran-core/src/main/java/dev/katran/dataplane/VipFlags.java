package dev.katran.dataplane;

/**
 * {@code KATRAN_VIP_*} of the ABI, once more: the generated class calls restricted methods when it
 * is initialised, for which a dataplane that is all Java must not ask anybody's leave.
 */
public final class VipFlags {

  /** The source port takes no part in the hash. */
  public static final int HASH_NO_SOURCE_PORT = 1 << 0;

  /** The destination port alone is hashed. */
  public static final int HASH_DESTINATION_PORT_ONLY = 1 << 1;

  /** The destination port is hashed although the VIP stands for every port. */
  public static final int HASH_BOTH_PORTS = 1 << 2;

  /** What goes to a local backend passes to the host. */
  public static final int LOCAL = 1 << 3;

  /** Server ids come from QUIC connection ids. */
  public static final int QUIC = 1 << 4;

  /** Server ids come from the UDP stable routing header. */
  public static final int UDP_STABLE_ROUTING = 1 << 5;

  /** Flows leave backends that are down. */
  public static final int UDP_FLOW_MIGRATION = 1 << 6;

  /** The source address may choose the backend. */
  public static final int SOURCE_ROUTING = 1 << 7;

  /** Every flow has an entry in the flow table. */
  public static final int TRACKED = 1 << 8;

  /** Misses of the flow table are counted by backend. */
  public static final int WATCHED = 1 << 9;

  /** What the hash is made of. Free to the program, and so never off. */
  static final int HASH = HASH_NO_SOURCE_PORT | HASH_DESTINATION_PORT_ONLY | HASH_BOTH_PORTS;

  /** All flags, for whoever wants to try everything. */
  public static final int ALL = (1 << 10) - 1;

  private VipFlags() {}
}
