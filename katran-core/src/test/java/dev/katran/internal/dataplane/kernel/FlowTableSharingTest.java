package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Limits;
import dev.katran.bpf.generated.katran_flow;
import dev.katran.bpf.generated.katran_flow_entry;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.platform.Cpus;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.PinnedThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The flow table on machines whose possible CPUs are not all online. */
@NeedsKernel
class FlowTableSharingTest {

  private static final int SIZE = 1 << 16;
  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().flowTableSize(SIZE));
  private static final Features TRACKED = new Features(VipFlags.TRACKED, false, false);

  private static KernelTables tables(Cpus cpus) {
    return new KernelTables(CONFIG, new MapGeometry(CONFIG, () -> cpus));
  }

  @Test
  void flows_fewCpusOnline_oneCpuMayUseTheWholeTable() {
    try (KernelTables tables = tables(new Cpus(128, 1));
        KernelProgram program = KernelProgram.load(CONFIG, TRACKED, tables)) {
      assertThat(program.instructions()).isPositive();
      BpfMap flows = tables.flowTables().getLast();
      assertThat(flows.flags() & BpfConstants.BPF_F_NO_COMMON_LRU).isZero();

      PinnedThread.run(() -> insert(flows, SIZE * 3 / 4));
      assertThat(count(flows)).isEqualTo(SIZE * 3 / 4);
    }
  }

  @Test
  void flows_allCpusOnline_eachHasItsShare() {
    int possible = BpfMap.possibleCpus();
    try (KernelTables tables = tables(new Cpus(possible, possible));
        KernelProgram program = KernelProgram.load(CONFIG, TRACKED, tables)) {
      assertThat(program.instructions()).isPositive();
      BpfMap flows = tables.flowTables().getLast();
      assertThat(flows.flags() & BpfConstants.BPF_F_NO_COMMON_LRU).isNotZero();
    }
  }

  private static void insert(BpfMap flows, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(katran_flow.layout());
      MemorySegment value = arena.allocate(katran_flow_entry.layout());
      for (int i = 0; i < count; i++) {
        katran_flow.source_port(key, (short) i);
        katran_flow.destination_port(key, (short) (i >> 16));
        flows.update(key, value, BpfConstants.BPF_ANY);
      }
    }
  }

  private static long count(BpfMap flows) {
    long[] count = {0};
    new KernelFlowTable(() -> List.of(flows)).forEach(entry -> count[0]++);
    return count[0];
  }
}
