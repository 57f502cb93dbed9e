package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.ParsedFrame;

/**
 * Chooses backends in slots that are not stable; {@code change.h} in Java. Open flows stay on their
 * backend, new flows go to the current one.
 *
 * <p>Stable slots need no flow table, so a flow is only tracked while its slot is changing. This is
 * the idea of "Load balancing with JET: Just Enough Tracking", CoNEXT 2021, <a
 * href="https://doi.org/10.1145/3485983.3494851">doi:10.1145/3485983.3494851</a>. As in Beamer and
 * Unimog, a slot also keeps its previous backend, so flows that are older than the change are
 * placed correctly by their first packet after it.
 *
 * <p>SYNs and flows older than the change have separate budgets, so a SYN flood cannot use up the
 * flow table. A SYN that exceeds its budget goes to the previous backend, because that is where the
 * flow's next packet will go.
 */
final class ChangingSlots {

  /**
   * The chosen backend.
   *
   * @param backend the backend's index, or {@link Dataplane#NO_BACKEND}
   * @param missed whether the flow was not in the flow table
   */
  record Choice(int backend, boolean missed) {}

  private final FlowTracker tracker;
  private final HeapDeadlines deadlines;
  private final HeapBackends backends;
  private final DownTable down;
  private final HeapCounters counters;

  ChangingSlots(
      FlowTracker tracker,
      HeapDeadlines deadlines,
      HeapBackends backends,
      DownTable down,
      HeapCounters counters) {
    this.tracker = tracker;
    this.deadlines = deadlines;
    this.backends = backends;
    this.down = down;
    this.counters = counters;
  }

  /** Chooses the backend of a packet in a slot that is not stable. */
  Choice choose(
      Frame frame, ParsedFrame.Packet packet, HeapVipTable.Match match, RingSlots ring, int slot) {
    VipEntry vip = match.vip();
    FiveTuple flow = match.flow();
    boolean begins = packet.isSyn() || ServerIdRouting.isQuicInitial(frame, packet, vip);
    counters.add(Counter.Total.FLOW_LOOKUPS);
    int known = lookup(flow, vip, begins, ring.backend(slot));
    if (known != Dataplane.NO_BACKEND) {
      return new Choice(known, false);
    }
    tracker.countMiss(packet, flow);
    return new Choice(place(packet, begins, flow, vip, ring, slot), true);
  }

  /**
   * Looks up the flow's backend. Returns {@link Dataplane#NO_BACKEND} if the flow has no live
   * entry, leaves its backend because that is down, or begins where the slot has no backend.
   *
   * @param begins whether the packet opens a connection
   * @param current the slot's backend
   */
  private int lookup(FiveTuple flow, VipEntry vip, boolean begins, int current) {
    int known = tracker.peek(flow, vip);
    if (known == Dataplane.NO_BACKEND) {
      return known;
    }
    // a connection that reuses the ports of an old one is a new one
    if (begins && known != current && current == Dataplane.NO_BACKEND) {
      return Dataplane.NO_BACKEND;
    }
    if (begins
        && known != current
        && !backends.isGone(current)
        && insert(current, flow, vip, true)) {
      return current;
    }
    if (down.migratesOff(vip, known)) {
      return Dataplane.NO_BACKEND;
    }
    tracker.refresh(flow, vip, begins);
    return known;
  }

  private int place(
      ParsedFrame.Packet packet,
      boolean begins,
      FiveTuple flow,
      VipEntry vip,
      RingSlots ring,
      int slot) {
    int current = ring.backend(slot);
    if (!ring.isChanging(slot) || deadlines.hasPassed(vip)) {
      return current;
    }
    int previous = ring.previous(slot);
    int place = begins || down.migratesOff(vip, previous) ? current : previous;
    boolean isKept = !begins && (packet.isRst() || packet.isIcmpError());
    if (isKept || backends.isGone(place) || insert(place, flow, vip, begins)) {
      return place;
    }
    counters.add(Counter.Total.FLOWS_LIMITED);
    counters.add(Counter.Total.CHANGES_LIMITED);
    return begins ? previous : place;
  }

  /**
   * Enters the flow, with this backend, into the flow table. No entry that is in use makes room:
   * its flow might lose its backend.
   */
  private boolean insert(int backend, FiveTuple flow, VipEntry vip, boolean begins) {
    return tracker.insert(flow, backend, vip, FlowTracker.idle(vip), begins);
  }
}
