package dev.katran.dataplane;

import dev.katran.ffm.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a frame goes next.
 *
 * @param mac the Ethernet destination
 * @param egress the way out; null for the interface the frame came in by
 */
public record Hop(MacAddress mac, @Nullable Egress egress) {

  /**
   * An interface other than the one the frame came in by.
   *
   * @param ifindex its index, from 1
   * @param mac its address, the Ethernet source of what leaves by it
   */
  public record Egress(int ifindex, MacAddress mac) {}
}
