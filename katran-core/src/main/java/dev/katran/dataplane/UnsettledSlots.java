package dev.katran.dataplane;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Slots whose backend has changed: open flows stay where they are, and new ones do not. */
final class UnsettledSlots {

  /**
   * Where a packet goes.
   *
   * @param backend its number
   * @param missed whether the flow table did not know the flow
   */
  record Choice(int backend, boolean missed) {}

  private final FlowTracker tracker;
  private final Backends backends;
  private final HashNumberTable<DownKey, DownKey> down;
  private final CounterTable counters;
  private final FlowBudget syns;
  private final FlowBudget others;

  UnsettledSlots(
      DataplaneConfig config,
      FlowTracker tracker,
      Backends backends,
      HashNumberTable<DownKey, DownKey> down,
      CounterTable counters,
      LongSupplier clock) {
    this.tracker = tracker;
    this.backends = backends;
    this.down = down;
    this.counters = counters;
    Duration window = config.flowRules().changeWindow();
    int flows = config.limits().flows();
    this.syns = new FlowBudget(FlowRules.synsPerWindow(flows), window, clock);
    this.others = new FlowBudget(FlowRules.othersPerWindow(flows), window, clock);
  }

  /** Chooses the backend of a packet in a slot that is not stable. */
  Choice choose(Parsed.Packet packet, VipTable.Match match, RingSlots ring, int slot) {
    VipEntry vip = match.vip();
    FiveTuple flow = match.flow();
    counters.add(Counter.Total.FLOW_LOOKUPS);
    int known = tracker.recall(flow, vip, backend -> leaves(vip, backend));
    if (known != Dataplane.NO_BACKEND) {
      return new Choice(known, false);
    }
    tracker.countMiss(packet, flow);
    return new Choice(place(packet, flow, vip, ring, slot), true);
  }

  private boolean leaves(VipEntry vip, int backend) {
    if (!vip.has(VipFlags.UDP_FLOW_MIGRATION)
        || !down.contains(new DownKey(vip.number(), backend))) {
      return false;
    }
    counters.add(Counter.Total.UDP_MIGRATIONS);
    return true;
  }

  private int place(Parsed.Packet packet, FiveTuple flow, VipEntry vip, RingSlots ring, int slot) {
    int current = ring.backend(slot);
    if (!ring.isChanging(slot)) {
      return current;
    }
    if (packet.isSyn() && isWithin(syns)) {
      if (!backends.isGone(current)) {
        tracker.enter(flow, current, vip);
      }
      return current;
    }
    int previous = ring.previous(slot);
    if (packet.isSyn() || packet.isRst() || packet.isError()) {
      return previous;
    }
    if (!backends.isGone(previous) && isWithin(others)) {
      tracker.enter(flow, previous, vip);
    }
    return previous;
  }

  private boolean isWithin(FlowBudget budget) {
    if (budget.take()) {
      return true;
    }
    counters.add(Counter.Total.FLOWS_LIMITED);
    return false;
  }
}
