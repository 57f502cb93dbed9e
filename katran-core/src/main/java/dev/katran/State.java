package dev.katran;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.FlowSlots;
import dev.katran.dataplane.FlowTable;
import dev.katran.dataplane.VipEntry;
import dev.katran.dataplane.VipFlags;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
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

  /**
   * A VIP with its number, its ring, and the ring as the dataplane has it, which may remember an
   * earlier one.
   *
   * @param idle how long without a packet a flow counts as open; not less than a change takes
   */
  record Installed(Vip vip, int number, Ring ring, RingState slots, Duration idle) {

    Installed withSlots(RingState slots) {
      return new Installed(vip, number, ring, slots, idle);
    }

    /** What the dataplane knows of the VIP. */
    VipEntry entry(Optional<VipKey> watched) {
      return new VipEntry(number, flags(vip, watched), (int) idle.toSeconds());
    }

    /** The slot of a flow that the flow table has for this VIP. */
    int slotOf(FlowTable.Entry entry, Limits limits) {
      return FlowSlots.slot(limits, vip.flags(), entry.flow());
    }

    /** Whether an entry of this VIP counts, and keeps its flow from the backend of its slot. */
    boolean leadsAway(FlowTable.Entry entry, Limits limits) {
      return entry.idle() <= idle.toNanos()
          && entry.backend() != slots.slots().backend(slotOf(entry, limits));
    }
  }

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

  /** The numbers of the backends that leave an installed VIP when another one takes its place. */
  Set<Integer> leaving(Vip before, Vip after) {
    return before.backends().stream()
        .map(Backend::address)
        .filter(address -> !after.has(address))
        .map(address -> Objects.requireNonNull(backends.get(address)).number())
        .collect(Collectors.toSet());
  }

  /** The same with another value for an installed VIP. */
  State with(Installed installed) {
    ImmutableMap.Builder<VipKey, Installed> changed = ImmutableMap.builder();
    vips.forEach((key, before) ->
        changed.put(key, before.number() == installed.number() ? installed : before));
    return new State(changed.build(), backends, named, down, watched, features);
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
