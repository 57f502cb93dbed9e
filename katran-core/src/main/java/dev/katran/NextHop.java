package dev.katran;

import dev.katran.ffm.net.MacAddress;

/**
 * Where frames go on their way to the backends: the Ethernet destination of what the balancer
 * sends.
 */
public sealed interface NextHop {

  /**
   * Asks the kernel's own routing table and neighbour cache for every backend, and keeps asking, so
   * that backends may be on the link or behind routers, and routers may change. Frames for a
   * backend whose next hop does not answer are dropped until it does for the first time; from then
   * on the last answer counts.
   *
   * <p>Where the way leads out by another interface than the one that packets come in by, that
   * interface's driver must be able to send what XDP redirects to it.
   */
  static NextHop auto() {
    return Auto.INSTANCE;
  }

  /**
   * Sends every frame to one router, by the interface it came in by.
   *
   * @param mac the router's address, such as {@code "02:00:00:00:00:01"}
   * @throws IllegalArgumentException if {@code mac} is not an Ethernet address
   */
  static NextHop via(String mac) {
    return new Via(MacAddress.parse(mac));
  }

  /** See {@link #auto()}. */
  enum Auto implements NextHop {
    /** The only one. */
    INSTANCE;

    @Override
    public String toString() {
      return "auto";
    }
  }

  /** See {@link #via(String)}. */
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
