package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.katran.Limits;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MapGeometryTest {

  private static final int CACHE_LINE = 64;

  private static MapGeometry geometry(Limits limits) {
    return new MapGeometry(DataplaneConfig.of(limits));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 13, 1",
    "512, 65537, 293", // 7 rings per chunk
    "512, 524287, 2048", // one ring per chunk
    "512, 524309, 4096", // two chunks per ring
    "65536, 16777213, 65536" // as many as can be addressed
  })
  void ringChunks_limits_holdTwiceTheWidestRings(int vips, int ringSize, int expected) {
    assertThat(geometry(Limits.defaults().vips(vips).ringSize(ringSize)).ringChunks())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 512, 513, 10_000})
  void vipLines_vips_leavesAtLeastHalfOfThePositionsFree(int vips) {
    int lines = geometry(Limits.defaults().vips(vips)).vipLines();

    assertThat(Integer.bitCount(lines)).as("power of two").isOne();
    int entries = 2 * vips; // each VIP may answer pings
    assertThat(lines * Katran.KATRAN_VIPS_PER_LINE()).isBetween(2 * entries, 4 * entries);
  }

  /** The largest element of an array on Linux 5.10 and 6.1 is 4 MiB. */
  @ParameterizedTest
  @CsvSource({"512, true", "16383, true", "16385, false", "65536, false"})
  void hasWholeVipTables_vips_onlyUpToTheLargestElement(int vips, boolean expected) {
    assertThat(geometry(Limits.defaults().vips(vips)).hasWholeVipTables()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "512, 4096, true",
    "10000, 65535, true",
    "16000, 65535, true",
    "32000, 65535, false",
  })
  void hasCounterBlocks_limits_onlyUpToTheLargestElement(int vips, int backends, boolean expected) {
    assertThat(geometry(Limits.defaults().vips(vips).backends(backends)).hasCounterBlocks())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"4096, 0, 512", "4096, 1, 512", "4096, 3, 171", "4097, 0, 513"})
  void flowBuckets_configuredCpus_divideTheTableRoundingUp(int size, int cpus, int expected) {
    ImmutableList<DataplaneConfig.FlowTableCpu> flowTableCpus =
        IntStream.range(0, cpus)
            .mapToObj(cpu -> new DataplaneConfig.FlowTableCpu(cpu, OptionalInt.empty()))
            .collect(ImmutableList.toImmutableList());
    DataplaneConfig config =
        DataplaneConfig.of(Limits.defaults().flowTableSize(size))
            .with(c -> c.flowTableCpus = flowTableCpus);

    assertThat(config.flowBuckets()).isEqualTo(expected);
  }

  @Test
  void indices_limits_allowReplacingEveryVipAndBackendAtOnce() {
    MapGeometry geometry = geometry(Limits.defaults().vips(512).backends(64));

    assertThat(geometry.vipIndices()).isEqualTo(1024);
    assertThat(geometry.backendIndices()).isEqualTo(129); // 0 means no backend
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "512, 64", "513, 67"})
  void countersPerCpu_limits_fillsWholeCacheLines(int vips, int backends) {
    MapGeometry geometry = geometry(Limits.defaults().vips(vips).backends(backends));

    int used = geometry.firstBackendCounter() + geometry.backendIndices();
    long bytes = geometry.countersPerCpu() * katran_counter.sizeof();
    assertThat(bytes % CACHE_LINE).isZero();
    assertThat(bytes - used * katran_counter.sizeof()).isBetween(0L, CACHE_LINE - 1L);
  }
}
