package dev.katran.internal.dataplane;

import dev.katran.VipKey;

/** The VIPs of a {@link Dataplane}, and the addresses that answer pings. */
public interface VipTable {

  /** Inserts or replaces a VIP. Its ring, if any, must be installed first. */
  void put(VipKey key, VipEntry entry);

  /** Removes a VIP. Its packets pass to the host. */
  void remove(VipKey key);

  /** Starts or stops answering echo requests to an address or a prefix. */
  void answerPing(Destination destination, boolean answer);

  /**
   * Takes over what an earlier control plane has installed: packets see the next change, and no
   * other.
   *
   * @param installed puts everything that is installed
   */
  void adopt(Runnable installed);

  /** Publishes the VIPs again, in case what was taken over was not what is installed. */
  void republish();
}
