package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Limits;
import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CounterIndexTest {

  private static final MapGeometry GEOMETRY =
      new MapGeometry(DataplaneConfig.of(Limits.defaults().vips(5).backends(3)));

  private static int index(Counter counter) {
    return CounterIndex.of(counter, GEOMETRY);
  }

  @Test
  void of_everyCounter_isDistinctAndWithinTheCpusCounters() {
    List<Counter> counters = new ArrayList<>(List.of(Counter.Total.values()));
    for (int vip = 0; vip < GEOMETRY.vipIndices(); vip++) {
      for (Counter.VipEvent event : Counter.VipEvent.values()) {
        counters.add(new Counter.OfVip(vip, event));
      }
    }
    for (int backend = 1; backend < GEOMETRY.backendIndices(); backend++) {
      counters.add(new Counter.OfBackend(backend));
    }

    assertThat(counters.stream().map(CounterIndexTest::index))
        .doesNotHaveDuplicates()
        .allSatisfy(index -> assertThat(index).isBetween(0, GEOMETRY.countersPerCpu() - 1));
  }

  @Test
  void of_total_precedesTheVips() {
    for (Counter.Total total : Counter.Total.values()) {
      assertThat(index(total)).as("%s", total).isLessThan(Katran.KATRAN_FIRST_VIP_COUNTER());
    }
  }

  @Test
  void of_vipEvents_areAdjacent() {
    int first = Katran.KATRAN_FIRST_VIP_COUNTER() + 7 * Katran.KATRAN_COUNTERS_PER_VIP();
    for (Counter.VipEvent event : Counter.VipEvent.values()) {
      assertThat(index(new Counter.OfVip(7, event)))
          .as("%s", event)
          .isBetween(first, first + Katran.KATRAN_COUNTERS_PER_VIP() - 1);
    }
  }

  @Test
  void of_watchedMisses_isTheBackendsNumber() {
    assertThat(index(new Counter.WatchedMisses(3))).isEqualTo(3);
  }
}
