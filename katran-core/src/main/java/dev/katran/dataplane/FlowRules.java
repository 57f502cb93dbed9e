package dev.katran.dataplane;

import java.time.Duration;

/**
 * The rules of the flow table.
 *
 * @param newFlowsPerSecond how many flows of tracked VIPs a CPU enters in a second at most
 * @param udpIdle how long a UDP flow of a tracked VIP is remembered that has no packets
 * @param changeWindow how long slots are changing after they got another backend
 */
public record FlowRules(int newFlowsPerSecond, Duration udpIdle, Duration changeWindow) {

  /** As the wire contract has it, and a minute for changes. */
  public static final FlowRules DEFAULT =
      new FlowRules(125_000, Duration.ofSeconds(30), Duration.ofMinutes(1));

  /** The same with another window of changes. */
  public FlowRules withChangeWindow(Duration window) {
    return new FlowRules(newFlowsPerSecond, udpIdle, window);
  }

  /**
   * How many flows a CPU may enter in a window because of their SYNs, if its part of the table has
   * so many entries: few enough that what a flood enters leaves room for the flows that are open.
   */
  static int synsPerWindow(int entries) {
    return entries / 4;
  }

  /** How many other flows it may enter in a window. */
  static int othersPerWindow(int entries) {
    return entries / 2;
  }
}
