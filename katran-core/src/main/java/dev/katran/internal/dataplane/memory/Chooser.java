package dev.katran.internal.dataplane.memory;

import dev.katran.Limits;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowHashing;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.ParsedFrame;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a packet's backend by server id, then flow table, source route and ring; {@code choose.h}
 * in Java.
 */
final class Chooser {

  /**
   * The chosen backend.
   *
   * @param number the backend's index
   * @param backend the backend
   * @param flow the packet's flow, with the source that the outer header is derived from
   * @param missed whether a flow table lookup missed
   */
  record Choice(int number, HeapBackends.Entry backend, FiveTuple flow, boolean missed) {}

  private final Limits limits;
  private final ServerIdRouting serverIds;
  private final FlowTracker tracker;
  private final DownTable down;
  private final SourceRoutes sourceRoutes;
  private final HeapRings rings;
  private final HeapBackends backends;
  private final ChangingSlots changingSlots;
  private final HeapCounters counters;

  Chooser(
      Limits limits,
      ServerIdRouting serverIds,
      FlowTracker tracker,
      DownTable down,
      SourceRoutes sourceRoutes,
      HeapRings rings,
      HeapBackends backends,
      ChangingSlots changingSlots,
      HeapCounters counters) {
    this.limits = limits;
    this.serverIds = serverIds;
    this.tracker = tracker;
    this.down = down;
    this.sourceRoutes = sourceRoutes;
    this.rings = rings;
    this.backends = backends;
    this.changingSlots = changingSlots;
    this.counters = counters;
  }

  /** Chooses the backend of a packet. Counts a packet without one and returns null. */
  @Nullable Choice choose(
      Frame frame, ParsedFrame.Packet packet, HeapVipTable.Match match, Features features) {
    VipEntry vip = match.vip();
    FiveTuple outer = match.flow();
    int backend = serverIds.route(frame, packet, match);
    if (backend == ServerIdRouting.GONE) {
      return null;
    }
    boolean missed = false;
    if (backend == Dataplane.NO_BACKEND && vip.has(VipFlags.TRACKED)) {
      backend = tracker.lookup(packet, match.flow(), vip);
      missed = backend == Dataplane.NO_BACKEND;
      outer = withoutUnhashedSource(match);
    }
    if (backend == Dataplane.NO_BACKEND || down.migratesOff(vip, backend)) {
      return chooseForNew(frame, packet, match, missed, features);
    }
    return choice(backend, outer, missed);
  }

  private @Nullable Choice chooseForNew(
      Frame frame,
      ParsedFrame.Packet packet,
      HeapVipTable.Match match,
      boolean missed,
      Features features) {
    VipEntry vip = match.vip();
    FiveTuple flow = match.flow();
    boolean inserts = vip.has(VipFlags.TRACKED) && !packet.isRst() && !packet.isIcmpError();
    boolean isLimited = inserts && tracker.isOverBudget(packet.isSyn());
    FiveTuple outer = flow;
    boolean isMissed = missed;
    int backend = isLimited ? Dataplane.NO_BACKEND : bySource(vip, flow);
    if (backend == Dataplane.NO_BACKEND) {
      outer = withoutUnhashedSource(match);
      ChangingSlots.Choice chosen = byRing(frame, packet, match, features);
      backend = chosen.backend();
      isMissed |= chosen.missed();
    }
    if (backend == Dataplane.NO_BACKEND) {
      counters.add(Counter.Total.RING_EMPTY);
      return null;
    }
    Choice choice = choice(backend, outer, isMissed);
    if (choice != null && inserts && !isLimited) {
      tracker.insertTracked(flow, backend, vip, packet.isSyn());
    }
    return choice;
  }

  private ChangingSlots.Choice byRing(
      Frame frame, ParsedFrame.Packet packet, HeapVipTable.Match match, Features features) {
    RingSlots ring = rings.get(match.vip());
    if (ring == null) {
      return new ChangingSlots.Choice(Dataplane.NO_BACKEND, false);
    }
    int slot = FlowHashing.slot(limits, match.vip().flags(), match.flow());
    return ring.isStable(slot) || !features.changes()
        ? new ChangingSlots.Choice(ring.backend(slot), false)
        : changingSlots.choose(frame, packet, match, ring, slot);
  }

  private @Nullable Choice choice(int number, FiveTuple outer, boolean missed) {
    HeapBackends.Entry backend = backends.get(number);
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
    int backend = sourceRoutes.lookup(flow.source());
    counters.add(
        backend == Dataplane.NO_BACKEND ? Counter.Total.SOURCE_MISSES : Counter.Total.SOURCE_HITS);
    return backend;
  }

  /**
   * Returns the flow that the outer header is derived from. If the VIP hashes the destination port
   * only, its source address is zero. This is part of the wire contract with backends, and applies
   * whether the ring or the flow table chose the backend.
   */
  private static FiveTuple withoutUnhashedSource(HeapVipTable.Match match) {
    FiveTuple flow = match.flow();
    return match.vip().has(VipFlags.HASH_DESTINATION_PORT_ONLY)
        ? flow.withSource(flow.source().zero())
        : flow;
  }
}
