package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ethtool_drvinfo;
import dev.katran.ffm.generated.libc.ethtool_value;
import dev.katran.ffm.generated.libc.ifreq;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Queries an interface's driver and switches its offloads, through the ethtool ioctl. Interfaces
 * are those of the calling thread's network namespace.
 *
 * @since 0.1.0
 */
public final class Ethtool {

  /**
   * An offload that an interface, or the kernel just above it, performs for the protocols.
   *
   * @since 0.1.0
   */
  public enum Feature {
    /** Merges received segments of a flow; on veth, also enables NAPI polling. */
    GRO(LibC.ETHTOOL_GGRO(), LibC.ETHTOOL_SGRO()),
    /** Lets protocols build packets larger than the MTU, segmented just before the device. */
    GSO(LibC.ETHTOOL_GGSO(), LibC.ETHTOOL_SGSO()),
    /** Leaves TCP segmentation to the device; veth does not segment at all. */
    TSO(LibC.ETHTOOL_GTSO(), LibC.ETHTOOL_STSO()),
    /**
     * Leaves checksums to the device; veth does not compute them at all. While this is off, the
     * kernel ignores {@link #TSO}.
     */
    TX_CHECKSUM(LibC.ETHTOOL_GTXCSUM(), LibC.ETHTOOL_STXCSUM()),
    /** Merges received packets of a flow in the device, beyond what {@link #GRO} may merge. */
    LRO(LibC.ETHTOOL_GFLAGS(), LibC.ETHTOOL_SFLAGS(), LibC.ETH_FLAG_LRO()),
    /**
     * Takes VLAN tags out of received frames and delivers them beside the frame, where XDP programs
     * do not see them; {@code rxvlan} of ethtool(8).
     */
    RX_VLAN(LibC.ETHTOOL_GFLAGS(), LibC.ETHTOOL_SFLAGS(), LibC.ETH_FLAG_RXVLAN());

    private final int get;
    private final int set;

    /** The bit of the feature in the value, which other features share. */
    private final int bit;

    Feature(int get, int set) {
      this(get, set, 1);
    }

    Feature(int get, int set, int bit) {
      this.get = get;
      this.set = set;
      this.bit = bit;
    }
  }

  private Ethtool() {}

  /**
   * Returns the name of an interface's driver, such as {@code veth}, {@code virtio_net} or {@code
   * mlx5_core}.
   *
   * @throws NetworkException if there is no such interface or it has no driver
   */
  public static String driver(String interfaceName) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(ethtool_drvinfo.layout());
      ethtool_drvinfo.cmd(info, LibC.ETHTOOL_GDRVINFO());
      ioctl(arena, interfaceName, info, "find the driver of interface " + interfaceName);
      return ethtool_drvinfo.driver(info).getString(0, StandardCharsets.US_ASCII);
    }
  }

  /**
   * Returns whether a feature is on.
   *
   * @throws NetworkException if there is no such interface
   */
  public static boolean feature(String interfaceName, Feature feature) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ethtool_value.layout());
      ethtool_value.cmd(value, feature.get);
      ioctl(arena, interfaceName, value, "read " + feature + " of interface " + interfaceName);
      return (ethtool_value.data(value) & feature.bit) != 0;
    }
  }

  /**
   * Switches a feature on or off.
   *
   * @throws NetworkException if there is no such interface, it does not support the change, or
   *     CAP_NET_ADMIN is missing
   */
  public static void setFeature(String interfaceName, Feature feature, boolean on) {
    try (Arena arena = Arena.ofConfined()) {
      String operation =
          "switch %s of interface %s %s".formatted(feature, interfaceName, on ? "on" : "off");
      MemorySegment value = arena.allocate(ethtool_value.layout());
      ethtool_value.cmd(value, feature.get);
      ioctl(arena, interfaceName, value, operation);
      int others = ethtool_value.data(value) & ~feature.bit;
      ethtool_value.cmd(value, feature.set);
      ethtool_value.data(value, on ? others | feature.bit : others);
      ioctl(arena, interfaceName, value, operation);
    }
  }

  private static void ioctl(
      Arena arena, String interfaceName, MemorySegment command, String operation) {
    MemorySegment request = arena.allocate(ifreq.layout());
    MemorySegment name = arena.allocateFrom(Rtnetlink.checkedName(interfaceName));
    MemorySegment.copy(name, 0, request, 0, name.byteSize());
    ifreq.ifr_ifru.ifru_data(ifreq.ifr_ifru(request), command);
    int fd = Syscalls.socket(LibC.AF_INET(), LibC.SOCK_DGRAM(), 0, operation);
    try {
      Syscalls.ioctl(fd, LibC.SIOCETHTOOL(), request, operation);
    } finally {
      Syscalls.close(fd);
    }
  }
}
