package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ndmsg;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** The neighbour messages of rtnetlink(7). */
final class Neighbours {

  private Neighbours() {}

  static @Nullable Neighbour find(Netlink netlink, int index, InetAddress address) {
    try {
      NetlinkRequest request = request(LibC.RTM_GETNEIGH(), 0, index, address, 0, 0);
      return of(netlink.exchange(request, operation("find neighbour", index, address)).getFirst());
    } catch (NetworkException e) {
      if (e.errno() == LibC.ENOENT()) {
        return null;
      }
      throw e;
    }
  }

  /** Decodes an entry. Returns null if it has no address, as a forwarding entry of a bridge. */
  static @Nullable Neighbour of(MemorySegment message) {
    NetlinkReply reply = new NetlinkReply(message, ndmsg.layout());
    InetAddress address = reply.address(LibC.NDA_DST());
    return address == null
        ? null
        : new Neighbour(
            ndmsg.ndm_ifindex(reply.struct()),
            address,
            Rtnetlink.macOf(reply.bytes(LibC.NDA_LLADDR())),
            NeighbourState.of(Short.toUnsignedInt(ndmsg.ndm_state(reply.struct()))));
  }

  static void probe(Netlink netlink, int index, InetAddress address) {
    Neighbour neighbour = find(netlink, index, address);
    if (neighbour != null && neighbour.state() == NeighbourState.PERMANENT) {
      return; // the request below would replace the permanent entry
    }
    NetlinkRequest request =
        request(LibC.RTM_NEWNEIGH(), LibC.NLM_F_CREATE(), index, address, 0, LibC.NTF_USE());
    String operation = operation("probe neighbour", index, address);
    try {
      netlink.exchange(request, operation);
    } catch (NetworkException e) {
      throw e.errno() == LibC.ENOBUFS()
          ? new NetworkException(
              operation,
              e.errno(),
              "the kernel's neighbour table is full; raise net.%s.neigh.default.gc_thresh3"
                  .formatted(address instanceof Inet4Address ? "ipv4" : "ipv6"))
          : e;
    }
  }

  static void add(Netlink netlink, int index, InetAddress address, MacAddress mac) {
    NetlinkRequest request =
        request(
                LibC.RTM_NEWNEIGH(),
                LibC.NLM_F_CREATE() | LibC.NLM_F_REPLACE(),
                index,
                address,
                LibC.NUD_PERMANENT(),
                0)
            .bytes(LibC.NDA_LLADDR(), mac.toBytes());
    netlink.exchange(
        request,
        "add neighbour %s at %s on interface %d".formatted(Addresses.format(address), mac, index));
  }

  static void delete(Netlink netlink, int index, InetAddress address) {
    netlink.exchange(
        request(LibC.RTM_DELNEIGH(), 0, index, address, 0, 0),
        operation("delete neighbour", index, address));
  }

  private static String operation(String verb, int index, InetAddress address) {
    return verb + " " + Addresses.format(address) + " on interface " + index;
  }

  private static NetlinkRequest request(
      int type, int flags, int index, InetAddress address, int state, int neighbourFlags) {
    NetlinkRequest request = new NetlinkRequest(type, flags);
    MemorySegment struct = request.struct(ndmsg.layout());
    ndmsg.ndm_family(struct, (byte) Addresses.family(address));
    ndmsg.ndm_ifindex(struct, index);
    ndmsg.ndm_state(struct, (short) state);
    ndmsg.ndm_flags(struct, (byte) neighbourFlags);
    return request.address(LibC.NDA_DST(), address);
  }
}
