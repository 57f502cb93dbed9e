package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.FlowWord;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.ParsedFrame;
import java.time.Duration;
import java.util.function.LongSupplier;

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
  private static final long NEVER = 1L << 62;

  private final HeapFlowTable flows;
  private final RateLimit newFlows;
  private final RateLimit newOthers;
  private final HeapBackends backends;
  private final HeapCounters counters;
  private final long udpIdle;

  FlowTracker(
      DataplaneConfig config, HeapBackends backends, HeapCounters counters, LongSupplier clock) {
    this.flows = new HeapFlowTable(config.flowBuckets(), config.flowSecret(), clock);
    this.newFlows = new RateLimit(config.flowRules().newFlowsPerSecond(), SECOND, clock);
    this.newOthers = new RateLimit(config.flowRules().newFlowsPerSecond(), SECOND, clock);
    this.backends = backends;
    this.counters = counters;
    this.udpIdle = config.flowRules().udpIdle().toNanos();
  }

  /** Returns the flow table. */
  FlowTable table() {
    return flows;
  }

  /** Returns the new flows of tracked VIPs in the current second, inserted or not. */
  long newFlows() {
    return newFlows.count() + newOthers.count();
  }

  /** Removes all flows. */
  void clear() {
    flows.clear();
  }

  /**
   * Looks up the backend of a tracked flow and counts the lookup. On a miss, counts the miss and
   * returns {@link Dataplane#NO_BACKEND}.
   */
  int lookup(ParsedFrame.Packet packet, FiveTuple flow, VipEntry vip) {
    counters.add(Counter.Total.FLOW_LOOKUPS);
    // a SYN starts a new connection, even if its ports were used before
    int live = packet.isSyn() ? Dataplane.NO_BACKEND : live(flow, trackedIdle(flow));
    if (live == Dataplane.NO_BACKEND) {
      countMiss(packet, flow);
    } else {
      flows.use(flow, vip.number(), /* begins= */ false);
    }
    return live;
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
    return live(flow, idle(vip));
  }

  /** Returns how long an unused entry of a changed slot is valid, in nanoseconds. */
  static long idle(VipEntry vip) {
    return SECOND.toNanos() * vip.idle();
  }

  /**
   * Takes one insertion from the budget of the current second and returns whether it is exceeded.
   */
  boolean isOverBudget(boolean begins) {
    if ((begins ? newFlows : newOthers).take()) {
      return false;
    }
    counters.add(Counter.Total.FLOWS_LIMITED);
    return true;
  }

  /**
   * Inserts a flow or replaces its entry. Returns whether there was a place for it.
   *
   * @param patience how long an entry must be unused to make room, in nanoseconds
   * @param begins whether the packet opens a connection
   */
  boolean insert(FiveTuple flow, int backend, VipEntry vip, long patience, boolean begins) {
    return flows.insert(flow, backend, vip.number(), patience, begins);
  }

  /** Inserts a flow of a tracked VIP or replaces its entry. */
  void insertTracked(FiveTuple flow, int backend, VipEntry vip, boolean begins) {
    if (!insert(flow, backend, vip, begins ? NEVER : FlowWord.TRACKED_PATIENCE, begins)) {
      counters.add(Counter.Total.FLOWS_LIMITED);
    }
  }

  /** Reconciles a flow's entry with the backend that its server id selects. */
  Reconciliation reconcile(ParsedFrame.Packet packet, FiveTuple flow, int backend, VipEntry vip) {
    int live = live(flow, trackedIdle(flow));
    if (live == backend) {
      flows.use(flow, vip.number(), /* begins= */ false);
      return Reconciliation.MATCH;
    }
    if (live != Dataplane.NO_BACKEND) {
      insertTracked(flow, backend, vip, packet.isSyn());
      return Reconciliation.MISMATCH;
    }
    if (!packet.isRst() && !packet.isIcmpError() && !isOverBudget(packet.isSyn())) {
      insertTracked(flow, backend, vip, packet.isSyn());
    }
    return Reconciliation.ABSENT;
  }

  /**
   * Marks the flow's entry as used now. Does nothing if there is none.
   *
   * @param begins whether the packet begins the flow again
   */
  void refresh(FiveTuple flow, VipEntry vip, boolean begins) {
    flows.use(flow, vip.number(), begins);
  }

  /** Returns how long an unused entry of a tracked VIP is valid. Entries of TCP never expire. */
  private long trackedIdle(FiveTuple flow) {
    return flow.protocol() == FiveTuple.UDP ? udpIdle : NEVER;
  }

  private int live(FiveTuple flow, long idle) {
    int backend = flows.backend(flow, idle);
    return backends.isGone(backend) ? Dataplane.NO_BACKEND : backend;
  }
}
