package dev.katran.internal.dataplane;

import java.time.Duration;

/**
 * The timeouts and the budget of the flow table.
 *
 * @param newFlowsPerSecond the flows of tracked VIPs that a CPU inserts per second at most
 * @param udpIdle how long an unused entry of a UDP flow of a tracked VIP is valid
 * @param changeWindow how long a slot is changing after it was given another backend, unless its
 *     VIP has a window of its own
 */
public record FlowRules(int newFlowsPerSecond, Duration udpIdle, Duration changeWindow) {

  /** The values of the wire contract, with a change window of three minutes. */
  public static final FlowRules DEFAULT =
      new FlowRules(125_000, Duration.ofSeconds(30), Duration.ofMinutes(3));

  /** Returns a copy with another change window. */
  public FlowRules withChangeWindow(Duration window) {
    return new FlowRules(newFlowsPerSecond, udpIdle, window);
  }
}
