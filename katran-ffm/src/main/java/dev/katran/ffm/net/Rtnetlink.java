package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ifaddrmsg;
import dev.katran.ffm.generated.libc.ifinfomsg;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads and changes the interfaces, addresses, routes and neighbours of a network namespace through
 * rtnetlink(7). The namespace is that of the thread that calls {@link #open()}, even if other
 * threads use the object afterwards.
 *
 * <p>Interfaces are identified by index, which, unlike the name, never changes. Reading needs no
 * privilege; changes need CAP_NET_ADMIN. Operations that fail throw {@link NetworkException}.
 *
 * <p>Instances are thread-safe; calls are serialised.
 *
 * @since 0.1.0
 */
public final class Rtnetlink implements AutoCloseable {

  private final Netlink netlink;

  private Rtnetlink(Netlink netlink) {
    this.netlink = netlink;
  }

  /** Opens a socket in the calling thread's network namespace. */
  public static Rtnetlink open() {
    return new Rtnetlink(Netlink.open());
  }

  /** Opens a socket in a network namespace; it remains usable after the namespace is closed. */
  public static Rtnetlink open(NetworkNamespace namespace) {
    Netlink[] netlink = new Netlink[1];
    namespace.run(() -> netlink[0] = Netlink.open());
    return new Rtnetlink(netlink[0]);
  }

  /**
   * Returns the interface with this name.
   *
   * @throws NetworkException with ENODEV if there is none
   */
  public Link link(String name) {
    NetlinkRequest request =
        linkRequest(LibC.RTM_GETLINK(), 0, 0).string(LibC.IFLA_IFNAME(), checkedName(name));
    return oneLink(request, "find interface " + name);
  }

  /**
   * Returns the interface with this index.
   *
   * @throws NetworkException with ENODEV if there is none
   */
  public Link link(int index) {
    return oneLink(linkRequest(LibC.RTM_GETLINK(), 0, index), "find interface " + index);
  }

  /** Returns all interfaces. */
  public List<Link> links() {
    NetlinkRequest request = linkRequest(LibC.RTM_GETLINK(), LibC.NLM_F_DUMP(), 0);
    return netlink.exchange(request, "list interfaces").stream().map(Rtnetlink::toLink).toList();
  }

  /**
   * Creates a veth pair. Both ends are down.
   *
   * @param name the name of the end in this namespace
   * @param peerName the name of the other end
   * @param peerNamespace the namespace of the other end
   * @param mtu the MTU of both ends
   * @return the end in this namespace
   * @throws NetworkException with EEXIST if a name is in use
   */
  public Link createVeth(String name, String peerName, NetworkNamespace peerNamespace, int mtu) {
    NetlinkRequest request =
        linkRequest(LibC.RTM_NEWLINK(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL(), 0)
            .string(LibC.IFLA_IFNAME(), checkedName(name))
            .int32(LibC.IFLA_MTU(), mtu);
    Consumer<NetlinkRequest> peer =
        end -> {
          end.struct(ifinfomsg.layout());
          end.string(LibC.IFLA_IFNAME(), checkedName(peerName))
              .int32(LibC.IFLA_MTU(), mtu)
              .int32(LibC.IFLA_NET_NS_FD(), peerNamespace.fd());
        };
    request.nest(
        LibC.IFLA_LINKINFO(),
        info ->
            info.string(LibC.IFLA_INFO_KIND(), "veth")
                .nest(LibC.IFLA_INFO_DATA(), data -> data.nest(LibC.VETH_INFO_PEER(), peer)));
    String operation = "create veth %s with peer %s in %s".formatted(name, peerName, peerNamespace);
    netlink.exchange(request, operation);
    return link(name);
  }

  /**
   * Creates a virtual interface that needs no options. It is down.
   *
   * @param kind the kind of device, such as {@code dummy}, {@code bridge} or {@code ipip}
   * @throws NetworkException with EEXIST if the name is in use, EOPNOTSUPP if the kernel does not
   *     know the kind
   */
  public Link create(String name, String kind) {
    NetlinkRequest request =
        linkRequest(LibC.RTM_NEWLINK(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL(), 0)
            .string(LibC.IFLA_IFNAME(), checkedName(name))
            .nest(LibC.IFLA_LINKINFO(), info -> info.string(LibC.IFLA_INFO_KIND(), kind));
    netlink.exchange(request, "create " + kind + " interface " + name);
    return link(name);
  }

  /**
   * Creates a VLAN interface. It is down.
   *
   * @param lower the index of the interface that sends and receives the tagged frames
   * @param id the VLAN id, 1 to 4094
   * @throws NetworkException with EEXIST if the name, or the id on this interface, is in use
   */
  public Link createVlan(String name, int lower, int id) {
    NetlinkRequest request =
        linkRequest(LibC.RTM_NEWLINK(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL(), 0)
            .string(LibC.IFLA_IFNAME(), checkedName(name))
            .int32(LibC.IFLA_LINK(), lower)
            .nest(
                LibC.IFLA_LINKINFO(),
                info ->
                    info.string(LibC.IFLA_INFO_KIND(), "vlan")
                        .nest(LibC.IFLA_INFO_DATA(), data -> data.int16(LibC.IFLA_VLAN_ID(), id)));
    netlink.exchange(request, "create VLAN interface " + name + " on interface " + lower);
    return link(name);
  }

  /** Makes an interface a port of a bridge, bond, team or VRF; with 0, of none. */
  public void setMaster(int index, int master) {
    change(index, "set master to " + master, r -> r.int32(LibC.IFLA_MASTER(), master));
  }

  /** Deletes an interface; deleting one end of a veth pair deletes both. */
  public void delete(int index) {
    netlink.exchange(linkRequest(LibC.RTM_DELLINK(), 0, index), "delete interface " + index);
  }

  /** Moves an interface to another namespace, where it starts down and without addresses. */
  public void moveTo(int index, NetworkNamespace namespace) {
    change(index, "move to " + namespace, r -> r.int32(LibC.IFLA_NET_NS_FD(), namespace.fd()));
  }

  /** Brings an interface up. */
  public void setUp(int index) {
    setFlags(index, LibC.IFF_UP(), "set up");
  }

  /** Takes an interface down. */
  public void setDown(int index) {
    setFlags(index, 0, "set down");
  }

  /** Sets the MTU of an interface, in bytes without the Ethernet header. */
  public void setMtu(int index, int mtu) {
    change(index, "set MTU to " + mtu, r -> r.int32(LibC.IFLA_MTU(), mtu));
  }

  /** Sets the MAC address of an interface. */
  public void setMac(int index, MacAddress mac) {
    change(index, "set MAC address to " + mac, r -> r.bytes(LibC.IFLA_ADDRESS(), mac.toBytes()));
  }

  /**
   * Adds an address to an interface, or does nothing if the interface has it already. Duplicate
   * address detection is skipped for IPv6, so that the address is usable immediately.
   *
   * @param address the address with the prefix length of its network
   */
  public void addAddress(int index, Cidr address) {
    NetlinkRequest request =
        new NetlinkRequest(LibC.RTM_NEWADDR(), LibC.NLM_F_CREATE() | LibC.NLM_F_REPLACE());
    MemorySegment struct = request.struct(ifaddrmsg.layout());
    ifaddrmsg.ifa_family(struct, (byte) Addresses.family(address.address()));
    ifaddrmsg.ifa_prefixlen(struct, (byte) address.length());
    ifaddrmsg.ifa_index(struct, index);
    if (!(address.address() instanceof Inet4Address)) {
      ifaddrmsg.ifa_flags(struct, (byte) LibC.IFA_F_NODAD());
    }
    request
        .address(LibC.IFA_LOCAL(), address.address())
        .address(LibC.IFA_ADDRESS(), address.address());
    netlink.exchange(request, "add address " + address + " to interface " + index);
  }

  /**
   * Returns the addresses of all interfaces, IPv6 addresses without a scope. An address is included
   * as soon as it is configured, even if duplicate address detection is not finished.
   */
  public List<InetAddress> addresses() {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_GETADDR(), LibC.NLM_F_DUMP());
    request.struct(ifaddrmsg.layout());
    return netlink.exchange(request, "list addresses").stream()
        .map(Rtnetlink::toAddress)
        .filter(Objects::nonNull)
        .toList();
  }

  /** On a point-to-point interface, IFA_ADDRESS is the other end; only IFA_LOCAL is our own. */
  private static @Nullable InetAddress toAddress(MemorySegment message) {
    NetlinkReply reply = new NetlinkReply(message, ifaddrmsg.layout());
    InetAddress local = reply.address(LibC.IFA_LOCAL());
    return local != null ? local : reply.address(LibC.IFA_ADDRESS());
  }

  /**
   * Adds a route, or replaces the route to the same destination.
   *
   * @param destination the destination; bits beyond its prefix length are ignored
   * @param gateway the gateway, or null if the destination is on-link; it may be an IPv6 address
   *     for an IPv4 destination
   * @param index the index of the egress interface
   */
  public void addRoute(Cidr destination, @Nullable InetAddress gateway, int index) {
    Routes.add(netlink, destination, gateway, index, 0);
  }

  /**
   * Adds a route like {@link #addRoute(Cidr, InetAddress, int)}, with an MTU of its own.
   *
   * @param mtu in bytes, lower than the interface's
   */
  public void addRoute(Cidr destination, @Nullable InetAddress gateway, int index, int mtu) {
    Routes.add(netlink, destination, gateway, index, mtu);
  }

  /**
   * Deletes a route of {@link #addRoute}.
   *
   * @throws NetworkException with ESRCH if there is no such route
   */
  public void deleteRoute(Cidr destination, int index) {
    Routes.delete(netlink, destination, index);
  }

  /**
   * Looks up the route to a destination.
   *
   * @throws NetworkException if there is no route, the route is unreachable, blackhole or prohibit,
   *     or the destination is a local address
   */
  public RouteLookup route(InetAddress destination) {
    return Routes.find(netlink, destination, 0);
  }

  /**
   * Looks up the route to a destination in the table of a VRF.
   *
   * @param vrf the index of the VRF's device
   * @throws NetworkException like {@link #route(InetAddress)}
   */
  public RouteLookup route(InetAddress destination, int vrf) {
    return Routes.find(netlink, destination, vrf);
  }

  /**
   * Returns whether an address is local to this host. A new IPv6 address becomes local, and usable,
   * a little later than it was added.
   */
  public boolean isLocal(InetAddress destination) {
    return Routes.isLocal(netlink, destination);
  }

  /**
   * Returns the MAC address of a neighbour from the kernel's neighbour table.
   *
   * @return null if the table has no usable entry, see {@link #probe}, or if the interface has no
   *     MAC addresses
   */
  public @Nullable MacAddress neighbour(int index, InetAddress address) {
    Neighbour neighbour = neighbourEntry(index, address);
    return neighbour != null && neighbour.state().usable() ? neighbour.mac() : null;
  }

  /** Returns an entry of the kernel's neighbour table, or null if there is none. */
  public @Nullable Neighbour neighbourEntry(int index, InetAddress address) {
    return Neighbours.find(netlink, index, address);
  }

  /**
   * Starts resolution of a neighbour's MAC address, by ARP or neighbour discovery, or confirmation
   * of a stale one. Returns immediately; {@link #neighbour} returns the result when it arrives.
   * Throws a {@link NetworkException} with ENOBUFS if the kernel's neighbour table is full.
   *
   * <p>The kernel gives up after three seconds without a reply; probe again then. It probes IPv6
   * neighbours from the interface's link-local address, which a new interface lacks for up to two
   * seconds, during duplicate address detection (RFC 4862, section 5.4).
   */
  public void probe(int index, InetAddress address) {
    Neighbours.probe(netlink, index, address);
  }

  /** Adds a permanent neighbour entry, which the kernel neither confirms nor updates. */
  public void addNeighbour(int index, InetAddress address, MacAddress mac) {
    Neighbours.add(netlink, index, address, mac);
  }

  /**
   * Deletes a neighbour entry.
   *
   * @throws NetworkException with ENOENT if there is none
   */
  public void deleteNeighbour(int index, InetAddress address) {
    Neighbours.delete(netlink, index, address);
  }

  /** Closes the socket, which no longer keeps the namespace alive. */
  @Override
  public void close() {
    netlink.close();
  }

  private Link oneLink(NetlinkRequest request, String operation) {
    return toLink(netlink.exchange(request, operation).getFirst());
  }

  private void setFlags(int index, int flags, String verb) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_NEWLINK(), 0);
    MemorySegment struct = request.struct(ifinfomsg.layout());
    ifinfomsg.ifi_index(struct, index);
    ifinfomsg.ifi_flags(struct, flags);
    ifinfomsg.ifi_change(struct, LibC.IFF_UP());
    netlink.exchange(request, verb + " interface " + index);
  }

  private void change(int index, String operation, Consumer<NetlinkRequest> attributes) {
    NetlinkRequest request = linkRequest(LibC.RTM_NEWLINK(), 0, index);
    attributes.accept(request);
    netlink.exchange(request, operation + ": interface " + index);
  }

  private static NetlinkRequest linkRequest(int type, int flags, int index) {
    NetlinkRequest request = new NetlinkRequest(type, flags);
    ifinfomsg.ifi_index(request.struct(ifinfomsg.layout()), index);
    return request;
  }

  static Link toLink(MemorySegment message) {
    NetlinkReply reply = new NetlinkReply(message, ifinfomsg.layout());
    int flags = ifinfomsg.ifi_flags(reply.struct());
    NetlinkReply xdp = reply.nest(LibC.IFLA_XDP());
    NetlinkReply info = reply.nest(LibC.IFLA_LINKINFO());
    String kind = info.string(LibC.IFLA_INFO_KIND());
    return new Link(
        ifinfomsg.ifi_index(reply.struct()),
        reply.string(LibC.IFLA_IFNAME()),
        macOf(reply.bytes(LibC.IFLA_ADDRESS())),
        reply.int32(LibC.IFLA_MTU(), 0),
        (flags & LibC.IFF_UP()) != 0,
        (flags & LibC.IFF_RUNNING()) != 0,
        kind,
        Short.toUnsignedInt(ifinfomsg.ifi_type(reply.struct())),
        reply.has(LibC.IFLA_LINK_NETNSID()) ? 0 : reply.int32(LibC.IFLA_LINK(), 0),
        reply.int32(LibC.IFLA_MASTER(), 0),
        kind.equals("vlan") ? info.nest(LibC.IFLA_INFO_DATA()).int16(LibC.IFLA_VLAN_ID(), -1) : -1,
        // With several programs, the kernel reports only the mode-specific attributes.
        xdp.int32(LibC.IFLA_XDP_PROG_ID(), xdp.int32(LibC.IFLA_XDP_DRV_PROG_ID(), 0)),
        xdp.int8(LibC.IFLA_XDP_ATTACHED(), 0) == LibC.XDP_ATTACHED_SKB());
  }

  /** Returns null for loopback, whose MAC address is zero, and for tunnels, which have none. */
  static @Nullable MacAddress macOf(byte @Nullable [] linkLayerAddress) {
    if (linkLayerAddress == null || linkLayerAddress.length != MacAddress.BYTES) {
      return null;
    }
    MacAddress mac = MacAddress.of(linkLayerAddress);
    return mac.equals(MacAddress.ZERO) ? null : mac;
  }

  static String checkedName(String name) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length >= LibC.IFNAMSIZ()) {
      throw new IllegalArgumentException(
          "interface name \"" + name + "\", must have 1 to " + (LibC.IFNAMSIZ() - 1) + " bytes");
    }
    return name;
  }
}
