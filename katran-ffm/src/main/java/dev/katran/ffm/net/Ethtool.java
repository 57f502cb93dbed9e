package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ethtool_drvinfo;
import dev.katran.ffm.generated.libc.ethtool_value;
import dev.katran.ffm.generated.libc.ifreq;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * An interface's driver and offloads. The interface is looked for in the network namespace of the
 * calling thread.
 */
public final class Ethtool {

  /** What an interface, or the kernel just before it, does on behalf of the protocols. */
  public enum Feature {
    /** Merges received segments of a flow; on veth, also lets the device poll (NAPI). */
    GRO(LibC.ETHTOOL_GGRO(), LibC.ETHTOOL_SGRO()),
    /** Lets protocols build packets beyond the MTU, which are split just before the device. */
    GSO(LibC.ETHTOOL_GGSO(), LibC.ETHTOOL_SGSO()),
    /** Leaves splitting TCP segments to the device; on veth, nobody splits them. */
    TSO(LibC.ETHTOOL_GTSO(), LibC.ETHTOOL_STSO()),
    /**
     * Leaves computing checksums to the device; on veth, nobody computes them. Without it there is
     * no segmentation of TCP by the device either, whatever {@link #TSO} says.
     */
    TX_CHECKSUM(LibC.ETHTOOL_GTXCSUM(), LibC.ETHTOOL_STXCSUM());

    private final int get;
    private final int set;

    Feature(int get, int set) {
      this.get = get;
      this.set = set;
    }
  }

  private Ethtool() {}

  /**
   * The name of an interface's driver, such as {@code veth}, {@code virtio_net} or {@code
   * mlx5_core}.
   *
   * @throws NetworkException if there is no such interface, or it has no driver
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
   * Whether a feature is on.
   *
   * @throws NetworkException if there is no such interface
   */
  public static boolean feature(String interfaceName, Feature feature) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ethtool_value.layout());
      ethtool_value.cmd(value, feature.get);
      ioctl(arena, interfaceName, value, "read " + feature + " of interface " + interfaceName);
      return ethtool_value.data(value) != 0;
    }
  }

  /**
   * Switches a feature on or off.
   *
   * @throws NetworkException if there is no such interface, or it cannot, or without CAP_NET_ADMIN
   */
  public static void setFeature(String interfaceName, Feature feature, boolean on) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ethtool_value.layout());
      ethtool_value.cmd(value, feature.set);
      ethtool_value.data(value, on ? 1 : 0);
      String operation =
          "switch %s of interface %s %s".formatted(feature, interfaceName, on ? "on" : "off");
      ioctl(arena, interfaceName, value, operation);
    }
  }

  private static void ioctl(
      Arena arena, String interfaceName, MemorySegment command, String operation) {
    MemorySegment request = arena.allocate(ifreq.layout());
    MemorySegment name = arena.allocateFrom(Rtnetlink.checkedName(interfaceName));
    MemorySegment.copy(name, 0, request, 0, name.byteSize());
    ifreq.ifr_ifru.ifru_data(ifreq.ifr_ifru(request), command);
    int fd = Posix.socket(LibC.AF_INET(), LibC.SOCK_DGRAM(), 0, operation);
    try {
      Posix.ioctl(fd, LibC.SIOCETHTOOL(), request, operation);
    } finally {
      Posix.close(fd);
    }
  }
}
