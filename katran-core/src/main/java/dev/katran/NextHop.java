package dev.katran;

import dev.katran.internal.net.MacAddress;

/**
 * How the balancer finds the next hop towards a backend: the Ethernet destination of the frames
 * that it sends.
 *
 * <p>More kinds may be added: a {@code switch} over this type needs a {@code default}.
 *
 * @since 0.1.0
 */
public sealed interface NextHop {

  /**
   * Returns resolution through the kernel's routing table and neighbour cache. Backends may be on
   * the link or behind routers, and routes may change: the kernel's notifications are followed. If
   * the interface that packets arrive on belongs to a VRF, the VRF's routes apply. Rules for
   * packets that are forwarded ({@code iif}) do not apply.
   *
   * <p>A backend without a next hop has no slots until it has one; see {@link
   * LoadBalancer#unresolved()}. A next hop is kept for three seconds after its neighbour fails or
   * its route is withdrawn, since ARP and routing protocols often heal within that time.
   *
   * <p>If the route leaves by another interface than the one that packets arrive on, that
   * interface's driver must support XDP redirect, or the program must run in generic mode. VLAN and
   * bridge interfaces do not support it.
   */
  static NextHop auto() {
    return Auto.INSTANCE;
  }

  /**
   * Returns one fixed router for all backends, on the interface that packets arrive on.
   *
   * @param mac the router's Ethernet address, such as {@code "02:00:00:00:00:01"}
   * @throws IllegalArgumentException if {@code mac} is not an Ethernet address, or is zero,
   *     multicast or broadcast
   */
  static NextHop via(String mac) {
    return new Via(MacAddress.parseUnicast("next hop", mac));
  }

  /**
   * See {@link #auto()}.
   *
   * @since 0.1.0
   */
  enum Auto implements NextHop {
    /** The only instance. */
    INSTANCE;

    @Override
    public String toString() {
      return "auto";
    }
  }

  /**
   * See {@link #via(String)}.
   *
   * @since 0.1.0
   */
  final class Via implements NextHop {
    private final MacAddress mac;

    private Via(MacAddress mac) {
      this.mac = mac;
    }

    MacAddress mac() {
      return mac;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Via that && mac.equals(that.mac);
    }

    @Override
    public int hashCode() {
      return mac.hashCode();
    }

    @Override
    public String toString() {
      return "via " + mac;
    }
  }
}
