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

  private VipFlags() {}
}
