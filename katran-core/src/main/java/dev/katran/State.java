package dev.katran;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.VipFlags;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is installed, as one immutable value: a reader holds one of them and sees no change.
 *
 * @param vips by key, each with the number that the dataplane knows it by
 * @param backends every backend of every VIP and table
 * @param named the backends that tables name
 * @param down the backends that are down, by VIP
 * @param watched the VIP whose misses are counted by backend
 * @param features what the dataplane is ready for: all that is needed, or more
 */
record State(
    ImmutableMap<VipKey, Installed> vips,
    ImmutableMap<InetAddress, InstalledBackend> backends,
    ImmutableMap<InetAddress, Named> named,
    ImmutableSetMultimap<VipKey, InetAddress> down,
    Optional<VipKey> watched,
    Features features) {

  static final State EMPTY =
      new State(
          ImmutableMap.of(),
          ImmutableMap.of(),
          ImmutableMap.of(),
          ImmutableSetMultimap.of(),
          Optional.empty(),
          Features.NONE);

  /** A VIP with its ring and its number. */
  record Installed(Vip vip, int number, Ring ring) {}

  /** What the dataplane knows of a backend, but for its next hop. */
  record InstalledBackend(int number, Reach reach) {}

  /** How a backend that tables name is reached, and how many of their entries name it. */
  record Named(Reach reach, int entries) {}

  /** A VIP that a flow is for, and whether it is for exactly this address and port. */
  record Match(Installed installed, boolean exact) {

    /** How the flow table names a flow of this VIP. */
    Flow tracked(Flow flow) {
      return installed.vip().hashing().tracked(flow, exact);
    }

    /** The slot of a flow of this VIP. */
    int slot(Flow flow) {
      return installed.ring().slot(installed.vip().hashing().hashed(flow, exact));
    }
  }

  /** Finds the VIP as the program does: one address before a prefix, one port before every port. */
  @Nullable Match match(Flow flow) {
    Installed found = find(flow, flow.destinationPort());
    if (found != null) {
      return new Match(found, true);
    }
    found = findPrefix(flow, flow.destinationPort());
    if (found == null) {
      found = find(flow, 0);
    }
    if (found == null) {
      found = findPrefix(flow, 0);
    }
    return found == null ? null : new Match(found, false);
  }

  private @Nullable Installed find(Flow flow, int port) {
    if (!Addresses.isUnicast(flow.destination())) {
      return null;
    }
    return vips.get(new VipKey(flow.destination(), port, flow.protocol()));
  }

  private @Nullable Installed findPrefix(Flow flow, int port) {
    return vips.entrySet().stream()
        .filter(entry -> entry.getKey().isPrefix())
        .filter(entry -> entry.getKey().port() == port)
        .filter(entry -> entry.getKey().protocol() == flow.protocol())
        .filter(entry -> entry.getKey().covers(flow.destination()))
        .max(Comparator.comparingInt(entry -> entry.getKey().prefixLength()))
        .map(Map.Entry::getValue)
        .orElse(null);
  }

  /** The flags that a VIP has in the dataplane. */
  static int flags(Vip vip, Optional<VipKey> watched) {
    return vip.flags() | (watched.equals(Optional.of(vip.key())) ? VipFlags.WATCHED : 0);
  }
}
