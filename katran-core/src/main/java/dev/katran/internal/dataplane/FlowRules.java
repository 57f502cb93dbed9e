package dev.katran.internal.dataplane;

import java.time.Duration;

/**
 * The timeouts and budgets of the flow table.
 *
 * <p>A VIP may have a longer change window than the balancer's. The budgets of changing slots are
 * renewed once per window of the balancer nevertheless: a longer period would need a budget per
 * VIP. If more flows begin in a VIP's window than the table has room for, the least recently used
 * ones are evicted.
 *
 * @param newFlowsPerSecond the flows of tracked VIPs that a CPU inserts per second at most
 * @param udpIdle how long an unused entry of a UDP flow of a tracked VIP is valid
 * @param changeWindow how long a slot is changing after it was given another backend, unless its
 *     VIP has a window of its own. Also the period of the budgets of changing slots
 */
public record FlowRules(int newFlowsPerSecond, Duration udpIdle, Duration changeWindow) {

  /** The values of the wire contract, with a change window of three minutes. */
  public static final FlowRules DEFAULT =
      new FlowRules(125_000, Duration.ofSeconds(30), Duration.ofMinutes(3));

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
