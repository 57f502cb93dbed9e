package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.ParsedFrame;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Looks up and inserts tracked flows within their budget; {@code flow.h} in Java. */
final class FlowTracker {

  /** The result of reconciling a flow's entry with a backend chosen by server id. */
  enum Reconciliation {
    /** The entry had the same backend. */
    MATCH,
    /** The entry had another backend, which was replaced. */
    MISMATCH,
    /** There was no live entry. */
    ABSENT
  }

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final HeapFlowTable flows;
  private final RateLimit budget;
  private final HeapBackends backends;
  private final HeapCounters counters;
  private final long udpIdle;
  private final LongSupplier clock;

  FlowTracker(
      DataplaneConfig config, HeapBackends backends, HeapCounters counters, LongSupplier clock) {
    this.flows = new HeapFlowTable(config.limits().flowTableSize(), clock);
    this.budget = new RateLimit(config.flowRules().newFlowsPerSecond(), SECOND, clock);
    this.backends = backends;
    this.counters = counters;
    this.udpIdle = config.flowRules().udpIdle().toNanos();
    this.clock = clock;
  }

  /** Returns the flow table. */
  FlowTable table() {
    return flows;
  }

  /** Returns the new flows of tracked VIPs in the current second, inserted or not. */
  long newFlows() {
    return budget.count();
  }

  /** Removes all flows. */
  void clear() {
    flows.clear();
  }

  /**
   * Looks up the backend of a tracked flow and counts the lookup. On a miss, counts the miss and
   * returns {@link Dataplane#NO_BACKEND}.
   */
  int lookup(ParsedFrame.Packet packet, FiveTuple flow) {
    counters.add(Counter.Total.FLOW_LOOKUPS);
    // a SYN starts a new connection, even if its ports were used before
    HeapFlowTable.FlowState live = packet.isSyn() ? null : live(flow);
    if (live != null) {
      touch(flow, live);
      return live.backend();
    }
    countMiss(packet, flow);
    return Dataplane.NO_BACKEND;
  }

  /** Counts a flow table miss. */
  void countMiss(ParsedFrame.Packet packet, FiveTuple flow) {
    counters.add(Counter.Total.FLOW_MISSES);
    if (packet.isSyn()) {
      counters.add(Counter.Total.FLOW_MISSES_SYN);
    } else if (flow.protocol() == FiveTuple.TCP) {
      counters.add(Counter.Total.FLOW_MISSES_TCP);
    }
  }

  /**
   * Looks up the backend of a flow in a slot that is not stable. Does not count as a use of the
   * entry. Returns {@link Dataplane#NO_BACKEND} if the flow has no live entry.
   */
  int peek(FiveTuple flow, VipEntry vip) {
    HeapFlowTable.FlowState live = live(flow, SECOND.toNanos() * vip.idle());
    return live == null ? Dataplane.NO_BACKEND : live.backend();
  }

  /**
   * Takes one insertion from the budget of the current second and returns whether it is exceeded.
   */
  boolean isOverBudget() {
    if (budget.take()) {
      return false;
    }
    counters.add(Counter.Total.FLOWS_LIMITED);
    return true;
  }

  /** Inserts a flow or replaces its entry. */
  void insert(FiveTuple flow, int backend, VipEntry vip) {
    flows.put(flow, new HeapFlowTable.FlowState(backend, vip.number(), clock.getAsLong()));
  }

  /** Reconciles a flow's entry with the backend that its server id selects. */
  Reconciliation reconcile(ParsedFrame.Packet packet, FiveTuple flow, int backend, VipEntry vip) {
    HeapFlowTable.FlowState live = live(flow);
    if (live != null && live.backend() == backend) {
      touch(flow, live);
      return Reconciliation.MATCH;
    }
    if (live != null) {
      insert(flow, backend, vip);
      return Reconciliation.MISMATCH;
    }
    if (!packet.isRst() && !packet.isIcmpError() && !isOverBudget()) {
      insert(flow, backend, vip);
    }
    return Reconciliation.ABSENT;
  }

  /** Marks the flow's entry as used now. Does nothing if there is none. */
  void refresh(FiveTuple flow) {
    HeapFlowTable.FlowState state = flows.find(flow);
    if (state != null) {
      touch(flow, state);
    }
  }

  private void touch(FiveTuple flow, HeapFlowTable.FlowState live) {
    flows.put(flow, new HeapFlowTable.FlowState(live.backend(), live.vip(), clock.getAsLong()));
  }

  /** Returns the live entry of a tracked flow, or null. Entries of TCP flows never expire. */
  private HeapFlowTable.@Nullable FlowState live(FiveTuple flow) {
    return live(flow, flow.protocol() == FiveTuple.UDP ? udpIdle : Long.MAX_VALUE);
  }

  private HeapFlowTable.@Nullable FlowState live(FiveTuple flow, long idle) {
    HeapFlowTable.FlowState state = flows.find(flow);
    if (state == null || backends.isGone(state.backend())) {
      return null;
    }
    return clock.getAsLong() - state.lastUsed() > idle ? null : state;
  }
}
