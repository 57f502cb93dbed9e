package dev.katran.dataplane;

import dev.katran.Limits;
import org.jspecify.annotations.Nullable;

/**
 * Chooses backends: by server ids, by the flow table, by the client's address, by the ring. The
 * first that has one decides.
 */
final class Chooser {

  /**
   * A backend that was chosen.
   *
   * @param number the backend's
   * @param backend as it is known
   * @param flow the packet's, with the source that the encapsulation makes its own of
   * @param missed whether the flow table should have known
   */
  record Choice(int number, Backends.Known backend, FiveTuple flow, boolean missed) {}

  private final Limits limits;
  private final ServerIdRouting serverIds;
  private final FlowTracker tracker;
  private final HashNumberTable<DownKey, DownKey> down;
  private final SourceRoutes sourceRoutes;
  private final Backends backends;
  private final UnsettledSlots unsettledSlots;
  private final CounterTable counters;

  Chooser(
      Limits limits,
      ServerIdRouting serverIds,
      FlowTracker tracker,
      HashNumberTable<DownKey, DownKey> down,
      SourceRoutes sourceRoutes,
      Backends backends,
      UnsettledSlots unsettledSlots,
      CounterTable counters) {
    this.limits = limits;
    this.serverIds = serverIds;
    this.tracker = tracker;
    this.down = down;
    this.sourceRoutes = sourceRoutes;
    this.backends = backends;
    this.unsettledSlots = unsettledSlots;
    this.counters = counters;
  }

  /** The backend of a packet; null if there is none, which has been counted. */
  @Nullable Choice choose(
      Frame frame, Parsed.Packet packet, VipTable.Match match, Features features) {
    VipEntry vip = match.vip();
    FiveTuple outer = match.flow();
    int backend = serverIds.route(frame, packet, match);
    if (backend == ServerIdRouting.GONE) {
      return null;
    }
    boolean missed = false;
    if (backend == Dataplane.NO_BACKEND && vip.has(VipFlags.TRACKED)) {
      backend = tracker.lookUp(packet, match.flow());
      missed = backend == Dataplane.NO_BACKEND;
      outer = withoutSourceIfUnhashed(match);
    }
    if (backend == Dataplane.NO_BACKEND || leaves(vip, backend)) {
      return chooseForNew(packet, match, missed, features);
    }
    return choice(backend, outer, missed);
  }

  private boolean leaves(VipEntry vip, int backend) {
    if (!vip.has(VipFlags.UDP_FLOW_MIGRATION)
        || !down.contains(new DownKey(vip.number(), backend))) {
      return false;
    }
    counters.add(Counter.Total.UDP_MIGRATIONS);
    return true;
  }

  private @Nullable Choice chooseForNew(
      Parsed.Packet packet, VipTable.Match match, boolean missed, Features features) {
    VipEntry vip = match.vip();
    FiveTuple flow = match.flow();
    boolean enters = vip.has(VipFlags.TRACKED) && !packet.isRst();
    boolean isLimited = enters && tracker.isOverBudget();
    FiveTuple outer = flow;
    boolean isMissed = missed;
    int backend = isLimited ? Dataplane.NO_BACKEND : bySource(vip, flow);
    if (backend == Dataplane.NO_BACKEND) {
      outer = withoutSourceIfUnhashed(match);
      UnsettledSlots.Choice chosen = byRing(packet, match, features);
      backend = chosen.backend();
      isMissed |= chosen.missed();
    }
    if (backend == Dataplane.NO_BACKEND) {
      counters.add(Counter.Total.RING_EMPTY);
      return null;
    }
    Choice choice = choice(backend, outer, isMissed);
    if (choice != null && enters && !isLimited) {
      tracker.enter(flow, backend, vip);
    }
    return choice;
  }

  private UnsettledSlots.Choice byRing(
      Parsed.Packet packet, VipTable.Match match, Features features) {
    RingSlots ring = backends.ring(match.vip());
    if (ring == null) {
      return new UnsettledSlots.Choice(Dataplane.NO_BACKEND, false);
    }
    int slot = FlowSlots.slot(limits, match.vip().flags(), match.flow());
    return ring.isStable(slot) || !features.changes()
        ? new UnsettledSlots.Choice(ring.backend(slot), false)
        : unsettledSlots.choose(packet, match, ring, slot);
  }

  private @Nullable Choice choice(int number, FiveTuple outer, boolean missed) {
    Backends.Known backend = backends.get(number);
    if (backend == null) {
      counters.add(Counter.Total.BACKEND_UNKNOWN);
      return null;
    }
    return new Choice(number, backend, outer, missed);
  }

  private int bySource(VipEntry vip, FiveTuple flow) {
    if (!vip.has(VipFlags.SOURCE_ROUTING)) {
      return Dataplane.NO_BACKEND;
    }
    int backend = sourceRoutes.backendOf(flow.source());
    counters.add(
        backend == Dataplane.NO_BACKEND ? Counter.Total.SOURCE_MISSES : Counter.Total.SOURCE_HITS);
    return backend;
  }

  /**
   * The flow as the outer header shows it. Where the destination port alone is hashed it has no
   * source address any more: that is what goes over the wire between balancers and backends. So it
   * looks the same to its backend whether the ring chose that or the flow table.
   */
  private static FiveTuple withoutSourceIfUnhashed(VipTable.Match match) {
    FiveTuple flow = match.flow();
    return match.vip().has(VipFlags.HASH_DESTINATION_PORT_ONLY)
        ? flow.withSource(flow.source().zero())
        : flow;
  }
}
