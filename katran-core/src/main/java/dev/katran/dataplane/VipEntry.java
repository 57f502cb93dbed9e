package dev.katran.dataplane;

/**
 * What the dataplane knows of a VIP.
 *
 * @param number of its ring and its counter, from 0
 * @param flags {@code KATRAN_VIP_*} of the ABI
 */
public record VipEntry(int number, int flags) {

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
