package dev.katran;

import dev.katran.dataplane.DataplaneConfig;
import java.util.OptionalInt;

/**
 * A core that forwards, see {@link LoadBalancerBuilder#forwardingCores}.
 *
 * @param cpu its number, from 0
 * @param numaNode the node that its part of the flow table is on, from 0; empty: anywhere
 */
public record ForwardingCore(int cpu, OptionalInt numaNode) {

  /**
   * A core.
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

  /** A core whose part of the flow table may be anywhere. */
  public static ForwardingCore of(int cpu) {
    return new ForwardingCore(cpu, OptionalInt.empty());
  }

  /** This core with its part of the flow table on a NUMA node. */
  public ForwardingCore onNode(int node) {
    return new ForwardingCore(cpu, OptionalInt.of(node));
  }

  DataplaneConfig.FlowTableCpu toConfig() {
    return new DataplaneConfig.FlowTableCpu(cpu, numaNode);
  }
}
