package dev.katran.internal.control;

import com.google.common.collect.Comparators;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Flow;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.configuration.Answers;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowHashing;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.dataplane.VipLookup;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.packet.FiveTuple;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * A snapshot of everything that is installed in the dataplane. Immutable. Its maps are persistent:
 * one that differs in a few entries shares the rest, so that a change costs the same whether there
 * are ten VIPs or ten thousand.
 *
 * @param vips the VIPs, each with its index in the dataplane
 * @param backends all backends of all VIPs and tables
 * @param census what is counted over all VIPs and backends
 * @param answers the VIPs that answers of rewritten backends belong to
 * @param routes the rewritten backends that source routes lead to, with the number of routes
 * @param down the backends that are marked down, by VIP
 * @param watched the VIP whose flow table misses are counted per backend
 * @param features the features for which the program is specialised, at least the needed ones
 */
public record InstalledState(
    PMap<VipKey, Installed> vips,
    PMap<BackendKey, InstalledBackend> backends,
    Census census,
    Answers answers,
    PMap<BackendKey, Integer> routes,
    ImmutableSetMultimap<VipKey, BackendKey> down,
    Optional<VipKey> watched,
    Features features) {

  /** The state of a new balancer. */
  static final InstalledState EMPTY =
      new InstalledState(
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          Census.EMPTY,
          Answers.NONE,
          HashTreePMap.empty(),
          ImmutableSetMultimap.of(),
          Optional.empty(),
          Features.NONE);

  /**
   * An installed VIP.
   *
   * @param number the index in the dataplane
   * @param ring identifies the ring of its backends
   * @param slots the ring in the dataplane, with the previous backends of changing slots
   * @param idle how long an idle flow counts as open, see {@link #idle(Vip, RingState, Duration)}
   */
  public record Installed(Vip vip, int number, RingCache.Key ring, RingState slots, Duration idle) {

    private static final Duration ROUND_UP = Duration.ofSeconds(1).minusNanos(1);

    Installed withSlots(RingState slots) {
      return new Installed(vip, number, ring, slots, idle);
    }

    Installed withIdle(Duration idle) {
      return new Installed(vip, number, ring, slots, idle);
    }

    /**
     * Returns how long an idle flow of a VIP counts as open. Not shorter than its slots are
     * changing: a flow that began in that time, and whose entry expired, would be taken for an old
     * one and sent to a backend where it never was. Slots that change several times can be changing
     * for long. The time is doubled then, because raising it costs a scan of the flow table.
     *
     * @param window how long a slot is changing after a single change
     */
    static Duration idle(Vip vip, RingState slots, Duration window) {
      Duration idle = Comparators.max(vip.idleTime(), window.plus(ChangeWindow.GRACE));
      while (idle.compareTo(slots.span().plus(ChangeWindow.GRACE)) < 0) {
        idle = idle.multipliedBy(2);
      }
      return idle;
    }

    /** Returns the dataplane's view of the VIP. */
    VipEntry entry(Optional<VipKey> watched) {
      return new VipEntry(number, flags(vip, watched), (int) idle.plus(ROUND_UP).toSeconds());
    }

    /** Returns the slot of a flow that has an entry in the flow table. */
    int slotOf(FlowTable.Entry entry, Limits limits) {
      return FlowHashing.slot(limits, VipFlags.of(vip), entry.flow());
    }

    /**
     * Returns whether a packet of the flow would find an entry of this VIP, if the slot's state has
     * the table looked up.
     *
     * @param udpIdle how long an unused entry of a UDP flow of a tracked VIP is valid
     */
    boolean isLive(FlowTable.Entry entry, Duration udpIdle) {
      return switch (vip.tracking()) {
        case NONE -> false;
        case ADAPTIVE -> entry.idle() <= idle.toNanos();
        case ALWAYS ->
            entry.flow().protocol() != FiveTuple.UDP || entry.idle() <= udpIdle.toNanos();
      };
    }

    /** Returns whether an entry is live and names another backend than its flow's slot. */
    boolean pointsElsewhere(FlowTable.Entry entry, Limits limits) {
      return entry.idle() <= idle.toNanos()
          && entry.backend() != slots.slots().backend(slotOf(entry, limits));
    }
  }

  /**
   * An installed backend, without its next hop.
   *
   * @param number the index in the dataplane
   * @param users how many VIPs and table entries name it
   * @param serving how many VIPs have slots for it in their rings
   */
  public record InstalledBackend(int number, Delivery delivery, int users, int serving) {}

  /** The VIP that a flow matches, and the flow's key in the flow table. */
  record Match(Installed installed, FiveTuple key) {

    int slot(Limits limits) {
      return FlowHashing.slot(limits, VipFlags.of(installed.vip()), key);
    }
  }

  /** Returns the VIPs in the order of their indices. */
  public List<Vip> vipList() {
    return vips.values().stream()
        .sorted(Comparator.comparingInt(Installed::number))
        .map(Installed::vip)
        .collect(ImmutableList.toImmutableList());
  }

  /** Returns the indices of the backends that an installed VIP loses when another replaces it. */
  Set<Integer> leaving(Vip before, Vip after) {
    Set<BackendKey> remaining =
        after.backends().stream().map(Backend::key).collect(Collectors.toSet());
    return before.backends().stream()
        .map(Backend::key)
        .filter(key -> !remaining.contains(key))
        .map(key -> Objects.requireNonNull(backends.get(key)).number())
        .collect(Collectors.toSet());
  }

  /** Returns a copy in which VIPs replace the installed ones with the same keys. */
  InstalledState with(List<Installed> changed) {
    if (changed.isEmpty()) {
      return this;
    }
    PMap<VipKey, Installed> after = vips;
    Census counted = census;
    for (Installed installed : changed) {
      VipKey key = installed.vip().key();
      counted = counted.replace(after.get(key), installed);
      after = after.plus(key, installed);
    }
    return new InstalledState(after, backends, counted, answers, routes, down, watched, features);
  }

  /** Returns a copy with other owners of answers. */
  InstalledState with(Answers answers) {
    return new InstalledState(vips, backends, census, answers, routes, down, watched, features);
  }

  /** Returns a copy with other features. */
  InstalledState with(Features features) {
    return new InstalledState(vips, backends, census, answers, routes, down, watched, features);
  }

  /** Returns the VIP that a flow matches, or null. */
  @Nullable Match match(Flow flow) {
    VipLookup.Match<Installed> found =
        VipLookup.find(
            new VipLookup.Candidates<>() {
              @Override
              public @Nullable Installed byAddress(int port) {
                return Addresses.isUnicast(flow.destination())
                    ? vips.get(VipKey.of(flow.protocol(), flow.destination(), port))
                    : null;
              }

              @Override
              public @Nullable Installed byPrefix(int port) {
                return findByPrefix(flow, port);
              }
            },
            flow.destinationPort());
    if (found == null) {
      return null;
    }
    int flags = VipFlags.of(found.vip().vip());
    return new Match(found.vip(), FlowHashing.key(flags, FlowHashing.tuple(flow), found.isExact()));
  }

  private @Nullable Installed findByPrefix(Flow flow, int port) {
    return census.prefixVips().keySet().stream()
        .filter(key -> key.port() == port)
        .filter(key -> key.protocol() == flow.protocol())
        .filter(key -> key.prefix().filter(p -> p.contains(flow.destination())).isPresent())
        .max(Comparator.comparingInt(key -> key.prefix().map(Prefix::length).orElseThrow()))
        .map(vips::get)
        .orElse(null);
  }

  /** Returns the flags of a VIP in the dataplane. */
  static int flags(Vip vip, Optional<VipKey> watched) {
    return VipFlags.of(vip) | (watched.equals(Optional.of(vip.key())) ? VipFlags.WATCHED : 0);
  }
}
