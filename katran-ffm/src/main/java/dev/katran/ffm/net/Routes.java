package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.rtmsg;
import dev.katran.ffm.generated.libc.rtvia;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The routing messages of rtnetlink(7). */
final class Routes {

  private Routes() {}

  static void add(
      Netlink netlink, Cidr destination, @Nullable InetAddress gateway, int index, int mtu) {
    Cidr network = destination.network();
    NetlinkRequest request =
        request(LibC.RTM_NEWROUTE(), LibC.NLM_F_CREATE() | LibC.NLM_F_REPLACE(), network, gateway);
    request.int32(LibC.RTA_OIF(), index);
    if (mtu > 0) {
      request.nest(LibC.RTA_METRICS(), metrics -> metrics.int32(LibC.RTAX_MTU(), mtu));
    }
    if (gateway != null) {
      if (Addresses.family(gateway) == Addresses.family(network.address())) {
        request.address(LibC.RTA_GATEWAY(), gateway);
      } else {
        request.bytes(LibC.RTA_VIA(), toVia(gateway));
      }
    }
    String via = gateway == null ? "" : " via " + Addresses.format(gateway);
    netlink.exchange(request, "add route to " + network + via + " on interface " + index);
  }

  static void delete(Netlink netlink, Cidr destination, int index) {
    Cidr network = destination.network();
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_DELROUTE(), 0);
    MemorySegment struct = struct(request, network);
    rtmsg.rtm_table(struct, (byte) LibC.RT_TABLE_MAIN());
    rtmsg.rtm_scope(struct, (byte) LibC.RT_SCOPE_NOWHERE()); // any scope
    request.address(LibC.RTA_DST(), network.address()).int32(LibC.RTA_OIF(), index);
    netlink.exchange(request, "delete route to " + network + " on interface " + index);
  }

  private static NetlinkRequest request(
      int type, int flags, Cidr network, @Nullable InetAddress gateway) {
    NetlinkRequest request = new NetlinkRequest(type, flags);
    MemorySegment struct = struct(request, network);
    rtmsg.rtm_table(struct, (byte) LibC.RT_TABLE_MAIN());
    rtmsg.rtm_protocol(struct, (byte) LibC.RTPROT_STATIC());
    rtmsg.rtm_type(struct, (byte) LibC.RTN_UNICAST());
    rtmsg.rtm_scope(
        struct, (byte) (gateway == null ? LibC.RT_SCOPE_LINK() : LibC.RT_SCOPE_UNIVERSE()));
    return request.address(LibC.RTA_DST(), network.address());
  }

  private static MemorySegment struct(NetlinkRequest request, Cidr destination) {
    MemorySegment struct = request.struct(rtmsg.layout());
    rtmsg.rtm_family(struct, (byte) Addresses.family(destination.address()));
    rtmsg.rtm_dst_len(struct, (byte) destination.length());
    return struct;
  }

  /**
   * Looks up a route.
   *
   * @param vrf the index of the VRF device whose table is asked, or 0
   */
  static RouteLookup find(Netlink netlink, InetAddress destination, int vrf) {
    String operation = "find a route to " + Addresses.format(destination);
    NetlinkReply reply = find(netlink, destination, vrf, operation);
    int type = typeOf(reply);
    if (type == LibC.RTN_LOCAL()) {
      throw new NetworkException(
          operation, LibC.EINVAL(), Addresses.format(destination) + " is a local address");
    }
    if (type != LibC.RTN_UNICAST()) {
      throw new NetworkException(
          operation, LibC.EHOSTUNREACH(), "the route has type " + type + ", not unicast");
    }
    InetAddress gateway = reply.address(LibC.RTA_GATEWAY());
    if (gateway == null) {
      gateway = fromVia(reply.bytes(LibC.RTA_VIA()));
    }
    return new RouteLookup(
        reply.int32(LibC.RTA_OIF(), 0),
        gateway,
        reply.address(LibC.RTA_PREFSRC()),
        reply.nest(LibC.RTA_METRICS()).int32(LibC.RTAX_MTU(), 0));
  }

  static boolean isLocal(Netlink netlink, InetAddress destination) {
    try {
      String operation = "find a route to " + Addresses.format(destination);
      return typeOf(find(netlink, destination, 0, operation)) == LibC.RTN_LOCAL();
    } catch (NetworkException noRoute) {
      return false;
    }
  }

  private static NetlinkReply find(
      Netlink netlink, InetAddress destination, int vrf, String operation) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_GETROUTE(), 0);
    struct(request, Cidr.host(destination));
    request.address(LibC.RTA_DST(), destination);
    if (vrf != 0) {
      request.int32(LibC.RTA_OIF(), vrf);
    }
    try {
      return new NetlinkReply(netlink.exchange(request, operation).getFirst(), rtmsg.layout());
    } catch (NetworkException e) {
      throw new NetworkException(operation, e.errno(), whyNoRoute(e.errno()));
    }
  }

  private static int typeOf(NetlinkReply route) {
    return Byte.toUnsignedInt(rtmsg.rtm_type(route.struct()));
  }

  private static String whyNoRoute(int errno) {
    if (errno == LibC.ENETUNREACH()) {
      return "no route to this destination";
    }
    boolean rejecting =
        errno == LibC.EHOSTUNREACH() || errno == LibC.EINVAL() || errno == LibC.EACCES();
    return rejecting ? "the route is unreachable, blackhole or prohibit" : "";
  }

  private static byte[] toVia(InetAddress gateway) {
    byte[] address = gateway.getAddress();
    return ByteBuffer.allocate((int) rtvia.sizeof() + address.length)
        .order(ByteOrder.nativeOrder())
        .putShort((short) Addresses.family(gateway))
        .put(address)
        .array();
  }

  private static @Nullable InetAddress fromVia(byte @Nullable [] via) {
    return via == null
        ? null
        : Addresses.of(Arrays.copyOfRange(via, (int) rtvia.sizeof(), via.length));
  }
}
