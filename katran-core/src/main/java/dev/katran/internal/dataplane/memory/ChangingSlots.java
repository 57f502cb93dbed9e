package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.ParsedFrame;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Chooses backends in slots that are not stable; {@code change.h} in Java. Open flows stay on their
 * backend, new flows go to the current one.
 *
 * <p>Stable slots need no flow table, so a flow is only tracked while its slot is changing. This is
 * the idea of "Load balancing with JET: Just Enough Tracking", CoNEXT 2021, <a
 * href="https://doi.org/10.1145/3485983.3494853">doi:10.1145/3485983.3494853</a>. As in Beamer and
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
  private final HeapBackends backends;
  private final DownTable down;
  private final HeapCounters counters;
  private final RateLimit syns;
  private final RateLimit others;

  ChangingSlots(
      DataplaneConfig config,
      FlowTracker tracker,
      HeapBackends backends,
      DownTable down,
      HeapCounters counters,
      LongSupplier clock) {
    this.tracker = tracker;
    this.backends = backends;
    this.down = down;
    this.counters = counters;
    Duration window = config.flowRules().changeWindow();
    int flows = config.limits().flowTableSize();
    this.syns = new RateLimit(FlowRules.synsPerWindow(flows), window, clock);
    this.others = new RateLimit(FlowRules.othersPerWindow(flows), window, clock);
  }

  /** Chooses the backend of a packet in a slot that is not stable. */
  Choice choose(ParsedFrame.Packet packet, HeapVipTable.Match match, RingSlots ring, int slot) {
    VipEntry vip = match.vip();
    FiveTuple flow = match.flow();
    counters.add(Counter.Total.FLOW_LOOKUPS);
    int known = tracker.lookup(flow, vip, backend -> down.migratesOff(vip, backend));
    if (known != Dataplane.NO_BACKEND) {
      return new Choice(known, false);
    }
    tracker.countMiss(packet, flow);
    return new Choice(place(packet, flow, vip, ring, slot), true);
  }

  private int place(
      ParsedFrame.Packet packet, FiveTuple flow, VipEntry vip, RingSlots ring, int slot) {
    int current = ring.backend(slot);
    if (!ring.isChanging(slot)) {
      return current;
    }
    if (packet.isSyn() && isWithin(syns)) {
      if (!backends.isGone(current)) {
        tracker.insert(flow, current, vip);
      }
      return current;
    }
    int previous = ring.previous(slot);
    if (packet.isSyn() || packet.isRst() || packet.isIcmpError()) {
      return previous;
    }
    if (!backends.isGone(previous) && isWithin(others)) {
      tracker.insert(flow, previous, vip);
    }
    return previous;
  }

  private boolean isWithin(RateLimit limit) {
    if (limit.take()) {
      return true;
    }
    counters.add(Counter.Total.FLOWS_LIMITED);
    return false;
  }
}
