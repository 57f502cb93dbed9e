package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ifinfomsg;

/**
 * Asks the kernel why it does not attach an XDP program. The explanations of drivers only reach
 * callers of rtnetlink: BPF links, which bpf(2) creates, have an errno and nothing else.
 *
 * @since 0.1.0
 */
public final class XdpRefusal {

  /** The file descriptor that stands for no program. */
  private static final int NONE = -1;

  private XdpRefusal() {}

  /**
   * Returns the kernel's explanation, such as {@code "Peer MTU is too large to set XDP"}; empty if
   * it gives none. Tries to attach the program once more, where no other one is attached, and
   * detaches it at once if that works this time.
   *
   * @param ifindex the index in the calling thread's network namespace
   * @param programFd the file descriptor of the program
   * @param inDriver whether the program was to run in the driver rather than in the stack
   */
  public static String explain(int ifindex, int programFd, boolean inDriver) {
    int mode = inDriver ? LibC.XDP_FLAGS_DRV_MODE() : LibC.XDP_FLAGS_SKB_MODE();
    try (Netlink netlink = Netlink.open()) {
      NetlinkRequest attach =
          request(ifindex)
              .nest(
                  LibC.IFLA_XDP(),
                  xdp ->
                      xdp.int32(LibC.IFLA_XDP_FD(), programFd)
                          .int32(LibC.IFLA_XDP_FLAGS(), mode | LibC.XDP_FLAGS_UPDATE_IF_NOEXIST()));
      netlink.exchange(attach, "attach an XDP program");
      NetlinkRequest detach =
          request(ifindex)
              .nest(
                  LibC.IFLA_XDP(),
                  xdp ->
                      xdp.int32(LibC.IFLA_XDP_FD(), NONE)
                          .int32(LibC.IFLA_XDP_EXPECTED_FD(), programFd)
                          .int32(LibC.IFLA_XDP_FLAGS(), mode | LibC.XDP_FLAGS_REPLACE()));
      netlink.exchange(detach, "detach an XDP program");
      return "";
    } catch (NetworkException e) {
      return e.detail();
    }
  }

  private static NetlinkRequest request(int ifindex) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_SETLINK(), 0);
    ifinfomsg.ifi_index(request.struct(ifinfomsg.layout()), ifindex);
    return request;
  }
}
