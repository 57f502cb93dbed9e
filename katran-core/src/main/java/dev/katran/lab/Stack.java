package dev.katran.lab;

import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Ethtool.Feature;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** Makes a namespace's network stack behave as the lab promises. */
final class Stack {

  private static final List<String> FAMILIES = List.of("ipv4", "ipv6");
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final List<String> CONF = List.of("all", "default");

  private Stack() {}

  /** What has to be known before the first interface is there, which takes over the defaults. */
  static void configure(NetworkNamespace namespace, boolean forwards) {
    for (String conf : CONF) {
      for (String family : FAMILIES) {
        namespace.sysctl("net." + family + ".conf." + conf + ".forwarding", forwards ? "1" : "0");
      }
      String ipv4 = "net.ipv4.conf." + conf;
      String ipv6 = "net.ipv6.conf." + conf;
      // The way back is another than the way there, and a VIP belongs to several hosts.
      namespace.sysctl(ipv4 + ".rp_filter", "0");
      namespace.sysctl(ipv4 + ".arp_ignore", "1");
      namespace.sysctl(ipv4 + ".arp_announce", "2");
      namespace.sysctl(ipv6 + ".disable_ipv6", "0");
      // Nobody waits for, or advertises, what nobody else can have.
      namespace.sysctl(ipv6 + ".accept_dad", "0");
      namespace.sysctl(ipv6 + ".accept_ra", "0");
      namespace.sysctl(ipv6 + ".router_solicitations", "0");
    }
    // The sender of every packet that is too big is told so.
    namespace.sysctl("net.ipv4.icmp_ratelimit", "0");
    namespace.sysctl("net.ipv6.icmp.ratelimit", "0");
    try (Rtnetlink netlink = Rtnetlink.open(namespace)) {
      netlink.setUp(netlink.link("lo").index());
    }
  }

  /** Sets up one end of a cable. */
  static void setUp(Rtnetlink netlink, NetworkNamespace namespace, int ifindex, Subnet own) {
    String name = netlink.link(ifindex).name();
    // Packets meet no wire here: nobody would fill in their checksums or, which goes with it, split
    // what is beyond the MTU.
    namespace.run(() -> Ethtool.setFeature(name, Feature.TX_CHECKSUM, false));
    netlink.setMac(ifindex, own.mac());
    netlink.setUp(ifindex);
    netlink.addAddress(ifindex, own.ipv4());
    netlink.addAddress(ifindex, own.ipv6());
  }

  /** Waits for an address to be usable, which an IPv6 one is a little after it was added. */
  static void awaitUsable(Rtnetlink netlink, InetAddress own) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!netlink.isLocal(own)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            own.getHostAddress() + " is not usable after " + PATIENCE.toSeconds() + " seconds");
      }
      Thread.onSpinWait();
    }
  }
}
