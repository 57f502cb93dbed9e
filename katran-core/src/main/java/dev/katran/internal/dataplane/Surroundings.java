package dev.katran.internal.dataplane;

import java.net.InetAddress;
import java.util.Optional;

/** What the host around a dataplane is set to, as far as packets depend on it. */
public interface Surroundings {

  /** Something that a host does with received packets before a program sees them. */
  enum Offload {
    /** Merges packets of a flow, in the kernel. */
    GRO,
    /** Merges packets of a flow, in the network card. */
    LRO,
    /** Takes VLAN tags out. */
    RX_VLAN
  }

  /**
   * The way to a destination.
   *
   * @param gateway the router; empty if the destination is on link
   */
  record Way(String interfaceName, Optional<InetAddress> gateway) {}

  /**
   * Returns a setting of the kernel; empty if there is none.
   *
   * @param key the name as for sysctl(8), such as {@code net.ipv4.ip_forward}
   */
  Optional<String> setting(String key);

  /** Returns whether an offload of an interface is on; false if that is unknown. */
  boolean isOn(String interfaceName, Offload offload);

  /** Returns the names of the VLAN interfaces above an interface; empty if there are none. */
  String vlansAbove(String interfaceName);

  /** Returns whether an address is one of this host. */
  boolean isOwn(InetAddress address);

  /** Returns the way to a destination; empty if there is none, or it is this host. */
  Optional<Way> way(InetAddress destination);
}
