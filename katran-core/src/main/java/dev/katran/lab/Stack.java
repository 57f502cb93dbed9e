package dev.katran.lab;

import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Ethtool.Feature;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** Configures the network stack of a node. */
final class Stack {

  private static final List<String> FAMILIES = List.of("ipv4", "ipv6");
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final List<String> CONF = List.of("all", "default");

  private Stack() {}

  /** Sets kernel parameters. Must run before the first interface exists, which copies them. */
  static void configure(NetworkNamespace namespace, boolean forwards) {
    for (String conf : CONF) {
      for (String family : FAMILIES) {
        namespace.sysctl("net." + family + ".conf." + conf + ".forwarding", forwards ? "1" : "0");
      }
      String ipv4 = "net.ipv4.conf." + conf;
      String ipv6 = "net.ipv6.conf." + conf;
      // Direct server return makes paths asymmetric, and several hosts have the same VIP.
      namespace.sysctl(ipv4 + ".rp_filter", "0");
      namespace.sysctl(ipv4 + ".arp_ignore", "1");
      namespace.sysctl(ipv4 + ".arp_announce", "2");
      namespace.sysctl(ipv6 + ".disable_ipv6", "0");
      // Addresses are unique by construction, so duplicate address detection only costs time.
      namespace.sysctl(ipv6 + ".accept_dad", "0");
      namespace.sysctl(ipv6 + ".accept_ra", "0");
      namespace.sysctl(ipv6 + ".router_solicitations", "0");
    }
    // Send an ICMP error for every packet that is too big.
    namespace.sysctl("net.ipv4.icmp_ratelimit", "0");
    namespace.sysctl("net.ipv6.icmp.ratelimit", "0");
    try (Rtnetlink netlink = Rtnetlink.open(namespace)) {
      netlink.setUp(netlink.link("lo").index());
    }
  }

  /** Configures one end of a veth pair. */
  static void setUp(Rtnetlink netlink, NetworkNamespace namespace, int ifindex, Subnet own) {
    String name = netlink.link(ifindex).name();
    // No hardware completes checksums here. Turning the offload off also turns off segmentation
    // offload, whose frames would exceed the MTU.
    namespace.run(() -> Ethtool.setFeature(name, Feature.TX_CHECKSUM, false));
    netlink.setMac(ifindex, own.mac());
    netlink.setUp(ifindex);
    netlink.addAddress(ifindex, own.ipv4());
    netlink.addAddress(ifindex, own.ipv6());
  }

  /** Waits until an address is usable. An IPv6 address is not usable at once. */
  static void awaitUsable(Rtnetlink netlink, InetAddress own) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!netlink.isLocal(own)) {
      if (System.nanoTime() > deadline) {
        throw new LabException(
            "%s is not usable after %d seconds"
                .formatted(own.getHostAddress(), TIMEOUT.toSeconds()),
            null);
      }
      Thread.onSpinWait();
    }
  }
}
