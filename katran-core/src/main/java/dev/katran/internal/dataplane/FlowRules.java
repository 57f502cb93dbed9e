package dev.katran.internal.dataplane;

import java.time.Duration;

/**
 * The timeouts and budgets of the flow table.
 *
 * @param newFlowsPerSecond the flows of tracked VIPs that a CPU inserts per second at most
 * @param udpIdle how long an unused entry of a UDP flow of a tracked VIP is valid
 * @param changeWindow how long a slot is changing after it was given another backend
 */
public record FlowRules(int newFlowsPerSecond, Duration udpIdle, Duration changeWindow) {

  /** The values of the wire contract, with a change window of one minute. */
  public static final FlowRules DEFAULT =
      new FlowRules(125_000, Duration.ofSeconds(30), Duration.ofMinutes(1));

  /** Returns a copy with another change window. */
  public FlowRules withChangeWindow(Duration window) {
    return new FlowRules(newFlowsPerSecond, udpIdle, window);
  }

  /**
   * Returns how many flows a CPU may insert per change window because of their SYNs. The budget is
   * low enough for a SYN flood to leave room for the open flows.
   *
   * @param entries the CPU's share of the flow table
   */
  public static int synsPerWindow(int entries) {
    return entries / 4;
  }

  /**
   * Returns how many flows older than the change a CPU may insert per change window.
   *
   * @param entries the CPU's share of the flow table
   */
  public static int othersPerWindow(int entries) {
    return entries / 2;
  }
}
