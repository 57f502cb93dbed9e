package dev.katran.internal.dataplane.memory;

import dev.katran.Prefix;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Hop;
import java.util.Comparator;
import java.util.List;

/** The routes of the host that tests of the way back run on. */
public final class FixedRoutes implements Routes {

  /** The MAC address of the interfaces that accept redirected frames. */
  public static final MacAddress OWN_MAC = MacAddress.parse("02:00:00:00:00:51");

  /** The MAC address of the router behind it. */
  public static final MacAddress ROUTER_MAC = MacAddress.parse("02:00:00:00:00:52");

  private static final Hop HOP = new Hop(ROUTER_MAC, new Hop.Egress(1, OWN_MAC));

  /** The MTU of a second interface like that. */
  public static final int NARROW = 1280;

  /** How packets to a prefix leave the host. */
  public enum Way {
    /** By a router whose MAC address is known, and an interface that accepts redirected frames. */
    SENT,
    /** By a router whose MAC address is unknown. */
    UNRESOLVED,
    /** By a router whose MAC address is known, and an interface that accepts no such frames. */
    OTHER_INTERFACE,
    /** It is the host's own. */
    LOCAL
  }

  /**
   * A route.
   *
   * @param mtu the length of the longest packet, in bytes
   */
  public record Entry(Prefix prefix, Way way, int mtu) {
    private Entry(String prefix, Way way, int mtu) {
      this(Prefix.of(prefix), way, mtu);
    }
  }

  /** All routes; packets without one are not forwarded. */
  public static final List<Entry> ENTRIES =
      List.of(
          new Entry("198.51.100.0/24", Way.SENT, 1500),
          new Entry("198.51.100.5/32", Way.SENT, NARROW),
          new Entry("2001:db8:c::/64", Way.SENT, 1500),
          new Entry("2001:db8:c::5/128", Way.SENT, NARROW),
          new Entry("203.0.113.77/32", Way.SENT, 1500),
          new Entry("203.0.113.200/32", Way.SENT, NARROW),
          new Entry("198.18.0.0/15", Way.UNRESOLVED, 1500),
          new Entry("2001:db8:5::77/128", Way.SENT, NARROW),
          new Entry("2001:db8:5:1::/64", Way.OTHER_INTERFACE, 1500),
          new Entry("2001:db8:8000::/48", Way.SENT, 1500),
          new Entry("192.0.2.0/24", Way.UNRESOLVED, 1500),
          new Entry("2001:db8:c:1::/64", Way.UNRESOLVED, 1500),
          new Entry("10.1.0.0/16", Way.OTHER_INTERFACE, 1500),
          new Entry("fd00::/16", Way.OTHER_INTERFACE, 1500),
          new Entry("172.31.0.1/32", Way.LOCAL, 1500),
          new Entry("2001:db8:f0::1/128", Way.LOCAL, 1500));

  @Override
  public Route find(Address source, Address destination, int length) {
    return ENTRIES.stream()
        .filter(entry -> contains(entry.prefix(), destination))
        .max(Comparator.comparingInt(entry -> entry.prefix().length()))
        .map(entry -> route(entry, length))
        .orElse(Route.Unsent.NOT_FORWARDED);
  }

  private static boolean contains(Prefix prefix, Address address) {
    Address first = Address.of(prefix.address());
    return first.isIpv6() == address.isIpv6() && address.prefix(prefix.length()).equals(first);
  }

  private static Route route(Entry entry, int length) {
    return switch (entry.way()) {
      case LOCAL -> Route.Unsent.NOT_FORWARDED;
      // the kernel looks at the MTU first
      case SENT, UNRESOLVED, OTHER_INTERFACE ->
          length > entry.mtu() ? Route.Unsent.TOO_LONG : resolved(entry.way());
    };
  }

  private static Route resolved(Way way) {
    return way == Way.SENT ? new Route.Sent(HOP) : Route.Unsent.BY_HOST;
  }
}
