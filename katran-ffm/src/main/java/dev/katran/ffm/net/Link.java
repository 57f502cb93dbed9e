package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of a network interface when {@link Rtnetlink} read it.
 *
 * @param index its index, unique within its namespace
 * @param name its name, such as {@code eth0}
 * @param mac its Ethernet address, or null if it has none, as loopback, tunnels and other
 *     point-to-point interfaces
 * @param mtu the largest packet it sends, in bytes, without the Ethernet header
 * @param up whether it is administratively up ({@code IFF_UP})
 * @param running whether it also has a carrier ({@code IFF_RUNNING})
 * @param kind the kind of virtual device, such as {@code veth}; empty for hardware
 * @param type the kind of hardware, {@code ARPHRD_*} of {@code linux/if_arp.h}: {@link #ETHERNET}
 *     if its frames have an Ethernet header and addresses
 * @param lower the index of the interface below a VLAN, macvlan or tunnel interface; of a veth, the
 *     index of its peer; 0 if there is none or it is in another namespace
 * @param master the index of the bridge, bond, team or VRF that the interface belongs to, or 0
 * @param vlanId the VLAN id of a VLAN interface, 0 to 4095; -1 of any other
 * @param xdpProgramId the id of the attached XDP program, or 0 if there is none; of several
 *     (driver, generic, hardware) the first one that the kernel reports
 * @param xdpGeneric whether an XDP program runs in generic mode, and none in another mode
 * @since 0.1.0
 */
public record Link(
    int index,
    String name,
    @Nullable MacAddress mac,
    int mtu,
    boolean up,
    boolean running,
    String kind,
    int type,
    int lower,
    int master,
    int vlanId,
    int xdpProgramId,
    boolean xdpGeneric) {

  /** The {@link #type} of Ethernet interfaces, {@code ARPHRD_ETHER}. */
  public static final int ETHERNET = LibC.ARPHRD_ETHER();

  /** The {@link #type} of loopback interfaces, {@code ARPHRD_LOOPBACK}. */
  public static final int LOOPBACK = LibC.ARPHRD_LOOPBACK();

  private static final Map<Integer, String> TYPES =
      Map.ofEntries(
          Map.entry(ETHERNET, "Ethernet"),
          Map.entry(LOOPBACK, "loopback"),
          Map.entry(LibC.ARPHRD_NONE(), "no link layer, as of tun and WireGuard"),
          Map.entry(LibC.ARPHRD_TUNNEL(), "IPv4 tunnel"),
          Map.entry(LibC.ARPHRD_TUNNEL6(), "IPv6 tunnel"),
          Map.entry(LibC.ARPHRD_SIT(), "IPv6 in IPv4 tunnel"),
          Map.entry(LibC.ARPHRD_IPGRE(), "GRE tunnel"),
          Map.entry(LibC.ARPHRD_PPP(), "PPP"),
          Map.entry(LibC.ARPHRD_RAWIP(), "raw IP"),
          Map.entry(LibC.ARPHRD_INFINIBAND(), "InfiniBand"),
          Map.entry(LibC.ARPHRD_CAN(), "CAN"));

  /** Returns whether its frames begin with an Ethernet header; true for loopback as well. */
  public boolean hasEthernetHeader() {
    return type == ETHERNET || type == LOOPBACK;
  }

  /** Returns a name of the {@link #type}, such as {@code IPv4 tunnel (ARPHRD 768)}. */
  public String typeName() {
    return "%s (ARPHRD %d)".formatted(TYPES.getOrDefault(type, "unknown type"), type);
  }
}
