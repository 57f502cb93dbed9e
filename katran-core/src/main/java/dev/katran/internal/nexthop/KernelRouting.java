package dev.katran.internal.nexthop;

import dev.katran.UnresolvedBackend.Reason;
import dev.katran.ffm.Errno;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NetworkException;
import dev.katran.ffm.net.RouteLookup;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.ffm.net.XdpFeatures;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.Resolution.Unresolved;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The routes and neighbours of a network namespace. They are asked like those of the host's own
 * packets, which the encapsulated packets are: rules by incoming interface do not apply.
 */
final class KernelRouting implements Routing {

  private final Rtnetlink netlink;
  private final XdpFeatures features;
  private final IntSupplier ingress;
  private final boolean isOnly;
  private volatile Interfaces interfaces;

  /** What was looked up since an interface changed last. */
  private static final class Interfaces {
    final int ingress;
    final Map<Integer, Device> devices = new ConcurrentHashMap<>();

    /** The VRF that the ingress interface belongs to; 0 for none, -1 if it is not looked up. */
    volatile int vrf = -1;

    Interfaces(int ingress) {
      this.ingress = ingress;
    }
  }

  private KernelRouting(
      Rtnetlink netlink, XdpFeatures features, IntSupplier ingress, boolean isOnly) {
    this.netlink = netlink;
    this.features = features;
    this.ingress = ingress;
    this.isOnly = isOnly;
    this.interfaces = new Interfaces(ingress.getAsInt());
  }

  /** Opens the routing of the calling thread's network namespace. */
  static KernelRouting open(IntSupplier ingress, boolean isOnly) {
    Rtnetlink netlink = Rtnetlink.open();
    try {
      return new KernelRouting(netlink, XdpFeatures.open(), ingress, isOnly);
    } catch (RuntimeException | Error e) {
      netlink.close();
      throw e;
    }
  }

  @Override
  public Route route(InetAddress backend) {
    Interfaces known = interfaces;
    RouteLookup route;
    Device device;
    try {
      int vrf = vrf(known);
      route = vrf == 0 ? netlink.route(backend) : netlink.route(backend, vrf);
      device = device(known, route.egressIndex());
    } catch (NetworkException e) {
      return new Route.None(new Unresolved(Reason.NO_ROUTE, detail(e)));
    }
    if (device.problem() != null) {
      return new Route.None(new Unresolved(Reason.EGRESS_UNSUPPORTED, device.problem()));
    }
    int mtu = route.mtu() == 0 ? device.mtu() : Math.min(route.mtu(), device.mtu());
    return new Route.Via(new Gateway(route.egressIndex(), route.nextHop(backend)), device, mtu);
  }

  /** Returns the explanation of an error, or errno if there is none. */
  static String detail(NetworkException e) {
    String message = e.getMessage();
    int explanation = message.indexOf('\n');
    return explanation < 0
        ? message.substring(e.operation().length() + ": ".length())
        : message.substring(explanation + 1);
  }

  private int vrf(Interfaces known) {
    int vrf = known.vrf;
    if (vrf < 0) {
      int master = netlink.link(known.ingress).master();
      vrf = master != 0 && netlink.link(master).kind().equals("vrf") ? master : 0;
      known.vrf = vrf;
    }
    return vrf;
  }

  private Device device(Interfaces known, int ifindex) {
    Device device = known.devices.get(ifindex);
    if (device == null) {
      device = ask(known.ingress, netlink.link(ifindex));
      known.devices.put(ifindex, device);
    }
    return device;
  }

  private Device ask(int ingress, Link link) {
    dev.katran.ffm.net.MacAddress mac = link.mac();
    if (link.type() != Link.ETHERNET || mac == null) {
      return unusable(link, "it is no Ethernet interface");
    }
    if (isOnly && link.index() == ingress) {
      return new Device(link.name(), null, link.mtu(), null);
    }
    String problem = cannotSend(ingress, link);
    return problem == null
        ? new Device(
            link.name(), new Hop.Egress(link.index(), new MacAddress(mac.bits())), link.mtu(), null)
        : unusable(link, problem);
  }

  private static Device unusable(Link link, String problem) {
    return new Device(
        link.name(), null, link.mtu(), "the route leaves by " + link.name() + ", but " + problem);
  }

  /**
   * Returns why an interface drops the frames that the program redirects to it, or null. In generic
   * mode every interface sends them (generic_xdp_tx in net/core/dev.c).
   */
  private @Nullable String cannotSend(int ingress, Link link) {
    if (netlink.link(ingress).xdpGeneric()) {
      return null;
    }
    if (link.vlanId() >= 0) {
      return "it is the VLAN " + link.vlanId() + ", and the program writes no VLAN tags";
    }
    if (link.kind().equals("bridge")) {
      return "it is a bridge, which sends no frames of an XDP program in native mode";
    }
    return features.redirect(link.index()) == XdpFeatures.Redirect.DROPPED
        ? "it sends no frames of an XDP program in native mode"
        : null;
  }

  @Override
  public boolean hasIngress() {
    try {
      return netlink.link(ingress.getAsInt()).index() != 0;
    } catch (NetworkException e) {
      if (e.errno() == Errno.ENODEV) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void forgetInterfaces() {
    interfaces = new Interfaces(ingress.getAsInt());
  }

  @Override
  public @Nullable Neighbour neighbour(Gateway gateway) {
    return netlink.neighbourEntry(gateway.ifindex(), gateway.address());
  }

  @Override
  public void probe(Gateway gateway) {
    netlink.probe(gateway.ifindex(), gateway.address());
  }

  @Override
  public void close() {
    features.close();
    netlink.close();
  }
}
