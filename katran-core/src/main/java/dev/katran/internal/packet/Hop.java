package dev.katran.internal.packet;

import dev.katran.internal.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * The next hop of a frame.
 *
 * @param mac the destination MAC address
 * @param egress the egress interface, or null for the interface that the frame arrived by
 * @param mtu the longest packet that can be sent to it, in bytes without the Ethernet header; 0 if
 *     it is unknown
 */
public record Hop(MacAddress mac, @Nullable Egress egress, int mtu) {

  /** Creates a hop with an unknown MTU. */
  public Hop(MacAddress mac, @Nullable Egress egress) {
    this(mac, egress, 0);
  }

  /**
   * An egress interface other than the one that the frame arrived by.
   *
   * @param ifindex the interface's index, from 1
   * @param mac the interface's MAC address, the source of the frames that leave by it
   */
  public record Egress(int ifindex, MacAddress mac) {}
}
