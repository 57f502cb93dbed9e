package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.collect.ImmutableSortedSet;
import dev.katran.internal.dataplane.DataplaneConfig.FlowTableCpu;
import dev.katran.internal.platform.IdList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ForwardingCoresTest {

  private static final IdList CPUS = new IdList("0-1,8", ImmutableSortedSet.of(0, 1, 8));
  private static final IdList NODES = new IdList("0,2", ImmutableSortedSet.of(0, 2));

  private static FlowTableCpu core(int cpu) {
    return new FlowTableCpu(cpu, OptionalInt.empty());
  }

  private static FlowTableCpu core(int cpu, int node) {
    return new FlowTableCpu(cpu, OptionalInt.of(node));
  }

  @Test
  void check_coresThatExist_accepts() {
    assertThatCode(
            () -> ForwardingCores.check(List.of(core(0), core(1, 0), core(8, 2)), CPUS, NODES))
        .doesNotThrowAnyException();
  }

  @Test
  void check_cpuInAGap_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ForwardingCores.check(List.of(core(0), core(2)), CPUS, NODES))
        .withMessage("forwarding core 2 does not exist: this machine has CPUs 0-1,8");
  }

  @Test
  void check_nodeInAGap_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ForwardingCores.check(List.of(core(8, 1)), CPUS, NODES))
        .withMessage(
            "forwarding core 8 is on NUMA node 1, which does not exist: this machine has nodes 0,2");
  }
}
