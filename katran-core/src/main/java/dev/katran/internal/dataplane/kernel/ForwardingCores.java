package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableSortedSet;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.platform.IdList;
import java.util.List;

/**
 * Checks the forwarding cores when a balancer is opened. The kernel would refuse them only when the
 * flow table is created, which is at the first change.
 */
final class ForwardingCores {

  private static final IdList ONE_NODE = new IdList("0", ImmutableSortedSet.of(0));

  private ForwardingCores() {}

  /**
   * Checks cores against this machine.
   *
   * @throws IllegalArgumentException if it can have no such CPU or has no such NUMA node
   */
  static void check(List<DataplaneConfig.FlowTableCpu> cores) {
    if (!cores.isEmpty()) {
      IdList.read(IdList.POSSIBLE_CPUS)
          .ifPresent(cpus -> check(cores, cpus, IdList.read(IdList.ONLINE_NODES).orElse(ONE_NODE)));
    }
  }

  static void check(List<DataplaneConfig.FlowTableCpu> cores, IdList cpus, IdList nodes) {
    for (DataplaneConfig.FlowTableCpu core : cores) {
      if (!cpus.ids().contains(core.cpu())) {
        throw new IllegalArgumentException(
            "forwarding core %d does not exist: this machine has CPUs %s"
                .formatted(core.cpu(), cpus.text()));
      }
      if (core.numaNode().isPresent() && !nodes.ids().contains(core.numaNode().getAsInt())) {
        throw new IllegalArgumentException(
            "forwarding core %d is on NUMA node %d, which does not exist: this machine has nodes %s"
                .formatted(core.cpu(), core.numaNode().getAsInt(), nodes.text()));
      }
    }
  }
}
