package dev.katran.internal.control;

import dev.katran.AttachMode;
import dev.katran.BackendKey;
import dev.katran.Finding;
import dev.katran.Finding.Check;
import dev.katran.Finding.Severity;
import dev.katran.Forwarding;
import dev.katran.UnresolvedBackend;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.dataplane.Surroundings;
import dev.katran.internal.dataplane.Surroundings.Offload;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.nexthop.Resolution;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what packets depend on besides the tables: the interface and its offloads, the ways to
 * backends and back, and the host's settings. Changes nothing. Used once.
 */
final class Diagnosis {

  private static final int ETHERNET_HEADER = 14;

  private static final String OFF = "0";

  /** The value of {@code rp_filter} by which the kernel checks the interface; 2 is loose. */
  private static final int STRICT = 1;

  private final InstalledState state;
  private final Map<InetAddress, Resolution> hops;
  private final List<InterfaceState> interfaces;

  /** Null if the balancer has no host, or the caller is on another one. */
  private final @Nullable Surroundings surroundings;

  private final int maxPacket;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * Creates a diagnosis.
   *
   * @param hops what is known about the next hops of backends
   * @param maxPacketSize the length of the longest frame, with its Ethernet header
   */
  Diagnosis(
      InstalledState state,
      Map<InetAddress, Resolution> hops,
      List<InterfaceState> interfaces,
      Optional<Surroundings> surroundings,
      int maxPacketSize) {
    this.state = state;
    this.hops = hops;
    this.interfaces = interfaces;
    this.surroundings = surroundings.orElse(null);
    this.maxPacket = maxPacketSize - ETHERNET_HEADER;
  }

  /** Returns what was found, the worst first. */
  List<Finding> findings() {
    if (interfaces.isEmpty()) {
      add(
          Severity.INFO,
          Check.ATTACHMENT,
          "the balancer is in memory and attached to no interface: packets are only simulated");
    } else if (surroundings == null) {
      add(
          Severity.INFO,
          Check.SURROUNDINGS,
          "interfaces, routes and settings are not looked at: the caller is in another network"
              + " namespace than the balancer, or in one that cannot be told");
    }
    interfaces.forEach(this::checkInterface);
    state.backends().forEach(this::checkBackend);
    state.vips().values().forEach(installed -> checkVip(installed.vip()));
    findings.sort(
        Comparator.comparing(Finding::severity)
            .reversed()
            .thenComparing(Finding::check)
            .thenComparing(Finding::toString));
    return List.copyOf(findings);
  }

  private void add(Severity severity, Check check, String text) {
    findings.add(Finding.of(severity, check, text));
  }

  private void checkInterface(InterfaceState attached) {
    String name = attached.name();
    if (!attached.attached()) {
      findings.add(
          Finding.of(
                  Severity.ERROR,
                  Check.ATTACHMENT,
                  "the program is not attached since %s: all packets pass to the host. It is attached again once there is an interface of this name that is up"
                      .formatted(attached.since()))
              .about(name)
              .mendedBy("ip link set dev %s up".formatted(name)));
      return;
    }
    boolean isGeneric = attached.mode() == AttachMode.GENERIC;
    findings.add(
        Finding.of(
                Severity.INFO,
                Check.ATTACHMENT,
                isGeneric
                    ? "the program is attached in generic mode, which is several times slower than native mode"
                    : "the program is attached in native mode")
            .about(name));
    if (surroundings != null) {
      checkOffloads(surroundings, name, isGeneric);
    }
  }

  private void checkOffloads(Surroundings host, String name, boolean isGeneric) {
    if (isGeneric && host.isOn(name, Offload.GRO)) {
      addOffload(
          name,
          "gro",
          "the kernel merges packets before the program, which is attached in generic mode: merged packets are too long, and dropped");
    }
    if (host.isOn(name, Offload.LRO)) {
      addOffload(
          name,
          "lro",
          "the network card merges packets before the program: merged packets are too long, and dropped");
    }
    String above = host.vlansAbove(name);
    if (!above.isEmpty() && host.isOn(name, Offload.RX_VLAN)) {
      addOffload(
          name,
          "rxvlan",
          "the interface hides the VLAN tags of packets from the program, which takes those for the VLAN interfaces above (%s) for its own"
              .formatted(above));
    }
  }

  private void addOffload(String name, String offload, String text) {
    findings.add(
        Finding.of(Severity.WARNING, Check.OFFLOAD, text)
            .about(name)
            .mendedBy("ethtool -K %s %s off".formatted(name, offload)));
  }

  private void checkBackend(BackendKey key, InstalledState.InstalledBackend backend) {
    if (backend.delivery().local()) {
      return; // its packets are passed to the host
    }
    switch (hops.get(key.address())) {
      case Resolution.Unresolved(var reason, String detail) -> checkUnresolved(key, reason, detail);
      case Resolution.Resolved(Hop hop) -> checkResolved(key, backend.delivery(), hop);
      case null -> {
        // it is looked up now
      }
    }
  }

  private void checkUnresolved(BackendKey key, UnresolvedBackend.Reason reason, String detail) {
    String address = Addresses.text(key.address());
    Finding finding =
        Finding.of(
                Severity.ERROR,
                Check.NEXT_HOP,
                "no next hop, so no new flows go there: %s".formatted(detail))
            .about(key);
    findings.add(
        switch (reason) {
          case NO_ROUTE -> finding.mendedBy("ip route add %s via <its router>".formatted(address));
          case NEIGHBOUR_TABLE_FULL ->
              finding.mendedBy(
                  "sysctl -w net.%s.neigh.default.gc_thresh3=16384"
                      .formatted(family(key.address())));
          default -> finding;
        });
  }

  private void checkResolved(BackendKey key, Delivery delivery, Hop hop) {
    Surroundings.Way way =
        surroundings == null ? null : surroundings.way(key.address()).orElse(null);
    int overhead = delivery.overhead(key.address());
    if (hop.mtu() != 0 && hop.mtu() - overhead < maxPacket) {
      Finding finding =
          Finding.of(
                  Severity.WARNING,
                  Check.MTU,
                  "packets of more than %d bytes do not fit on the way, whose MTU is %d, of which %s takes %d; clients may send up to %d"
                      .formatted(
                          hop.mtu() - overhead,
                          hop.mtu(),
                          delivery.forwarding(),
                          overhead,
                          maxPacket))
              .about(key);
      findings.add(
          way == null
              ? finding
              : finding.mendedBy(
                  "ip link set dev %s mtu %d"
                      .formatted(way.interfaceName(), maxPacket + overhead)));
    }
    if (delivery.forwarding().equals(Forwarding.direct()) && way != null) {
      way.gateway()
          .ifPresent(gateway ->
              findings.add(
                  Finding.of(
                          Severity.ERROR,
                          Check.ON_LINK,
                          "it is reached by DIRECT, but is behind router %s, which sends packets by their destination: to the VIP, not to the backend"
                              .formatted(Addresses.text(gateway)))
                      .about(key)));
    }
  }

  private void checkVip(Vip vip) {
    if (surroundings == null || vip.key().prefix().isPresent()) {
      return;
    }
    boolean isOwn = surroundings.isOwn(vip.address());
    if (!isOwn) {
      findings.add(
          Finding.of(
                  Severity.INFO,
                  Check.VIP_ADDRESS,
                  "this host does not have the address: its packets arrive only if a router sends them here")
              .about(vip.key()));
    }
    boolean rewrites =
        vip.backends().stream().anyMatch(each -> each.forwarding().equals(Forwarding.rewrite()));
    if (rewrites) {
      for (InterfaceState attached : interfaces) {
        checkWayBack(surroundings, vip, attached.name(), isOwn);
      }
    }
  }

  /**
   * Checks that answers can pass this host. Those whose next hop the kernel does not know are
   * routed by the host, with the VIP as their source.
   */
  private void checkWayBack(Surroundings host, Vip vip, String name, boolean isOwn) {
    String family = family(vip.address());
    if (host.setting("net.%s.conf.%s.forwarding".formatted(family, inKey(name)))
        .filter(OFF::equals)
        .isPresent()) {
      addWayBack(
          vip.key(),
          name,
          "answers of its rewritten backends cannot pass this host, which does not forward; they need not if each backend has a SourceRestorer",
          Addresses.isIpv4(vip.address())
              ? "sysctl -w net.ipv4.ip_forward=1"
              : "sysctl -w net.ipv6.conf.all.forwarding=1");
      return;
    }
    if (Addresses.isIpv4(vip.address())) {
      checkSourceChecks(host, vip, name, isOwn);
    }
  }

  /** Checks what the kernel does only for IPv4: whether it drops packets by their source. */
  private void checkSourceChecks(Surroundings host, Vip vip, String name, boolean isOwn) {
    String conf = "net.ipv4.conf." + inKey(name);
    if (isOwn && host.setting(conf + ".accept_local").filter(OFF::equals).isPresent()) {
      addWayBack(
          vip.key(),
          name,
          "this host has the VIP's address, so it drops those answers of rewritten backends that it has to route itself, as their source is its own",
          "sysctl -w %s.accept_local=1".formatted(conf));
    }
    int filter =
        Math.max(
            number(host.setting("net.ipv4.conf.all.rp_filter")),
            number(host.setting(conf + ".rp_filter")));
    boolean leadsBack =
        host.way(vip.address()).filter(way -> way.interfaceName().equals(name)).isPresent();
    if (filter == STRICT && !leadsBack) {
      addWayBack(
          vip.key(),
          name,
          "the strict reverse path filter drops those answers of rewritten backends that this host has to route itself, since the way to the VIP is not by this interface",
          "sysctl -w %s.rp_filter=2".formatted(conf));
    }
  }

  private static int number(Optional<String> setting) {
    try {
      return setting.map(Integer::parseInt).orElse(0);
    } catch (NumberFormatException e) {
      return 0; // a setting of a later kernel
    }
  }

  private void addWayBack(VipKey vip, String name, String text, String command) {
    findings.add(
        Finding.of(Severity.WARNING, Check.WAY_BACK, text)
            .about(vip)
            .about(name)
            .mendedBy(command));
  }

  /** Returns a name as part of the key of a setting, in which a dot stands for a slash. */
  private static String inKey(String name) {
    return name.replace('.', '/');
  }

  private static String family(InetAddress address) {
    return Addresses.isIpv4(address) ? "ipv4" : "ipv6";
  }
}
