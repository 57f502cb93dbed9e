package dev.katran.dataplane;

import java.time.Duration;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Remembers which backends the flows of tracked VIPs are at. */
final class FlowTracker {

  /** What the flow table had to say of a flow that a server id placed. */
  enum Agreement {
    /** The same. */
    MATCH,
    /** Another backend, until now. */
    MISMATCH,
    /** Nothing, until now. */
    ABSENT
  }

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final HeapFlowTable flows;
  private final FlowBudget budget;
  private final Backends backends;
  private final CounterTable counters;
  private final long udpIdle;
  private final LongSupplier clock;

  FlowTracker(
      DataplaneConfig config, Backends backends, CounterTable counters, LongSupplier clock) {
    this.flows = new HeapFlowTable(config.limits().flows(), clock);
    this.budget = new FlowBudget(config.flowRules().newFlowsPerSecond(), SECOND, clock);
    this.backends = backends;
    this.counters = counters;
    this.udpIdle = config.flowRules().udpIdle().toNanos();
    this.clock = clock;
  }

  FlowTable table() {
    return flows;
  }

  long newFlows() {
    return budget.count();
  }

  void clear() {
    flows.clear();
  }

  /** The backend of a packet's flow; {@link Dataplane#NO_BACKEND} if it is not known. */
  int lookUp(Parsed.Packet packet, FiveTuple flow) {
    counters.add(Counter.Total.FLOW_LOOKUPS);
    // a SYN begins another connection, whatever there was
    HeapFlowTable.Remembered live = packet.isSyn() ? null : live(flow);
    if (live != null) {
      use(flow, live, live.backend());
      return live.backend();
    }
    countMiss(packet, flow);
    return Dataplane.NO_BACKEND;
  }

  /** Counts a packet whose flow is not known. */
  void countMiss(Parsed.Packet packet, FiveTuple flow) {
    counters.add(Counter.Total.FLOW_MISSES);
    if (packet.isSyn()) {
      counters.add(Counter.Total.FLOW_MISSES_SYN);
    } else if (flow.protocol() == FiveTuple.TCP) {
      counters.add(Counter.Total.FLOW_MISSES_TCP);
    }
  }

  /**
   * The backend of a flow of a changed slot, if it is known and the flow does not leave it; {@link
   * Dataplane#NO_BACKEND} otherwise.
   */
  int recall(FiveTuple flow, VipEntry vip, IntPredicate leaves) {
    HeapFlowTable.Remembered live = live(flow, SECOND.toNanos() * vip.idle());
    if (live == null || leaves.test(live.backend())) {
      return Dataplane.NO_BACKEND;
    }
    use(flow, live, live.backend());
    return live.backend();
  }

  /** Takes note of a new flow. Returns whether there are too many for it to be entered. */
  boolean isOverBudget() {
    if (budget.take()) {
      return false;
    }
    counters.add(Counter.Total.FLOWS_LIMITED);
    return true;
  }

  void enter(FiveTuple flow, int backend, VipEntry vip) {
    flows.put(flow, new HeapFlowTable.Remembered(backend, vip.number(), clock.getAsLong()));
  }

  /** Brings the table in line with a server id, which has placed the packet's flow. */
  Agreement align(Parsed.Packet packet, FiveTuple flow, int backend, VipEntry vip) {
    HeapFlowTable.Remembered live = live(flow);
    if (live != null) {
      use(flow, live, backend);
      return live.backend() == backend ? Agreement.MATCH : Agreement.MISMATCH;
    }
    if (!packet.isRst() && !isOverBudget()) {
      enter(flow, backend, vip);
    }
    return Agreement.ABSENT;
  }

  private void use(FiveTuple flow, HeapFlowTable.Remembered live, int backend) {
    flows.put(flow, new HeapFlowTable.Remembered(backend, live.vip(), clock.getAsLong()));
  }

  /** What is remembered of a flow of a tracked VIP and still holds. */
  private HeapFlowTable.@Nullable Remembered live(FiveTuple flow) {
    return live(flow, flow.protocol() == FiveTuple.UDP ? udpIdle : Long.MAX_VALUE);
  }

  private HeapFlowTable.@Nullable Remembered live(FiveTuple flow, long idle) {
    HeapFlowTable.Remembered remembered = flows.find(flow);
    if (remembered == null || backends.isGone(remembered.backend())) {
      return null;
    }
    return clock.getAsLong() - remembered.lastUsed() > idle ? null : remembered;
  }
}
