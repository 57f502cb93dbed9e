package dev.katran;

import java.util.OptionalInt;

/**
 * A core that forwards, see {@link LoadBalancerBuilder#forwardingCores}.
 *
 * @param cpu its number, from 0
 * @param numaNode the NUMA node of its part of the flow table, from 0; empty for any node
 * @since 0.1.0
 */
public record ForwardingCore(int cpu, OptionalInt numaNode) {

  /**
   * Creates a core.
   *
   * @throws IllegalArgumentException if a number is negative
   */
  public ForwardingCore {
    if (cpu < 0) {
      throw new IllegalArgumentException("core " + cpu + " is negative");
    }
    if (numaNode.isPresent() && numaNode.getAsInt() < 0) {
      throw new IllegalArgumentException("NUMA node " + numaNode.getAsInt() + " is negative");
    }
  }

  /** Returns a core whose part of the flow table may be on any NUMA node. */
  public static ForwardingCore of(int cpu) {
    return new ForwardingCore(cpu, OptionalInt.empty());
  }

  /** Returns this core with its part of the flow table on a NUMA node. */
  public ForwardingCore onNode(int node) {
    return new ForwardingCore(cpu, OptionalInt.of(node));
  }
}
