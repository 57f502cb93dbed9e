package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.genlmsghdr;
import java.lang.foreign.MemorySegment;

/**
 * Asks the kernel what interfaces can do with XDP, through the generic netlink family {@code
 * netdev} (Linux 6.3, {@code include/uapi/linux/netdev.h}). The network namespace is that of the
 * thread that calls {@link #open()}.
 *
 * <p>Instances are thread-safe; calls are serialised.
 *
 * @since 0.1.0
 */
public final class XdpFeatures implements AutoCloseable {

  /** {@code NETDEV_FAMILY_NAME} and its version, from linux/netdev.h like all constants below. */
  private static final String FAMILY = "netdev";

  private static final int FAMILY_VERSION = 1;
  private static final int NETDEV_CMD_DEV_GET = 1;
  private static final int NETDEV_A_DEV_IFINDEX = 1;
  private static final int NETDEV_A_DEV_XDP_FEATURES = 3;
  private static final int NETDEV_XDP_ACT_NDO_XMIT = 4;

  /**
   * What an interface does with frames that other interfaces redirect to it.
   *
   * @since 0.1.0
   */
  public enum Redirect {
    /** It sends them. */
    SENT,
    /** It drops them. */
    DROPPED,
    /** The kernel is older than Linux 6.3 and does not tell. */
    UNKNOWN
  }

  private final Netlink netlink;

  /** The number of the family, or 0 if the kernel does not have it. */
  private final int family;

  private XdpFeatures(Netlink netlink, int family) {
    this.netlink = netlink;
    this.family = family;
  }

  /** Opens a socket in the calling thread's network namespace. */
  public static XdpFeatures open() {
    Netlink netlink = Netlink.open(LibC.NETLINK_GENERIC());
    try {
      return new XdpFeatures(netlink, findFamily(netlink));
    } catch (RuntimeException | Error e) {
      netlink.close();
      throw e;
    }
  }

  private static int findFamily(Netlink netlink) {
    NetlinkRequest request =
        request(LibC.GENL_ID_CTRL(), LibC.CTRL_CMD_GETFAMILY())
            .string(LibC.CTRL_ATTR_FAMILY_NAME(), FAMILY);
    try {
      NetlinkReply reply = reply(netlink, request, "find the generic netlink family " + FAMILY);
      return reply.int16(LibC.CTRL_ATTR_FAMILY_ID(), 0);
    } catch (NetworkException e) {
      if (e.errno() == LibC.ENOENT()) {
        return 0;
      }
      throw e;
    }
  }

  /**
   * Returns what an interface does with the frames that an XDP program in native mode redirects to
   * it. It can change: a veth sends them only while the other end has an XDP program or GRO, and
   * some drivers only while the interface has an XDP program itself.
   *
   * @throws NetworkException with ENODEV if there is no such interface
   */
  public Redirect redirect(int index) {
    if (family == 0) {
      return Redirect.UNKNOWN;
    }
    NetlinkRequest request = request(family, NETDEV_CMD_DEV_GET).int32(NETDEV_A_DEV_IFINDEX, index);
    NetlinkReply reply = reply(netlink, request, "find XDP features of interface " + index);
    boolean sends = (reply.int64(NETDEV_A_DEV_XDP_FEATURES, 0) & NETDEV_XDP_ACT_NDO_XMIT) != 0;
    return sends ? Redirect.SENT : Redirect.DROPPED;
  }

  private static NetlinkRequest request(int type, int command) {
    NetlinkRequest request = new NetlinkRequest(type, 0);
    MemorySegment header = request.struct(genlmsghdr.layout());
    genlmsghdr.cmd(header, (byte) command);
    genlmsghdr.version(header, (byte) FAMILY_VERSION);
    return request;
  }

  private static NetlinkReply reply(Netlink netlink, NetlinkRequest request, String operation) {
    return new NetlinkReply(netlink.exchange(request, operation).getFirst(), genlmsghdr.layout());
  }

  @Override
  public void close() {
    netlink.close();
  }
}
