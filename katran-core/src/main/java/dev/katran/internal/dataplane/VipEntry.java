package dev.katran.internal.dataplane;

/**
 * A VIP in the dataplane: {@code struct katran_vip} of {@code katran.h}.
 *
 * @param number the VIP's index, from 0
 * @param flags the VIP's {@link VipFlags}
 * @param idle seconds until an unused flow table entry of a changed slot expires
 */
public record VipEntry(int number, int flags, int idle) {

  /** The entry of an address that answers pings. Its fields are unused. */
  public static final VipEntry PING = new VipEntry(0, 0, 0);

  /** Creates an entry with flows that never expire. */
  public VipEntry(int number, int flags) {
    this(number, flags, Integer.MAX_VALUE);
  }

  /** Returns whether any of these flags is set. */
  public boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
