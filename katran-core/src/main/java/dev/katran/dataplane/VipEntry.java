package dev.katran.dataplane;

/**
 * What the dataplane knows of a VIP.
 *
 * @param number of its ring and its counter, from 0
 * @param flags {@code KATRAN_VIP_*} of the ABI
 * @param idle seconds after which what the flow table has of a flow in a changed slot counts no
 *     more
 */
public record VipEntry(int number, int flags, int idle) {

  /** For VIPs whose flows never count as idle. */
  public VipEntry(int number, int flags) {
    this(number, flags, Integer.MAX_VALUE);
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
