package dev.katran.internal.dataplane.kernel;

import static dev.katran.internal.dataplane.DataplaneContract.CLIENT4;
import static dev.katran.internal.dataplane.DataplaneContract.HOP;
import static dev.katran.internal.dataplane.DataplaneContract.NO_FLAGS;
import static dev.katran.internal.dataplane.DataplaneContract.VIP4;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.Count;
import dev.katran.Limits;
import dev.katran.ffm.BpfConstants;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DataplaneContract;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Packets find their VIP and their counters, whether the tables are one element of their maps or,
 * because an element may not hold them on every kernel, one per line and counter.
 */
@NeedsKernel
class LargeTablesTest {

  private static final int FAR_VIP = 3;
  private static final String CLIENT6 = "fc00:2::1";
  private static final String VIP6 = "fc00:1::1";

  @ParameterizedTest
  @CsvSource({"512, true, true", "20000, false, true", "65536, false, false"})
  void run_vips_forwardsAndCounts(int vips, boolean isWholeTable, boolean hasBlocks) {
    DataplaneConfig config = DataplaneConfig.of(Limits.defaults().vips(vips).ringSize(13));
    MapGeometry geometry = new MapGeometry(config);
    assertThat(geometry.hasWholeVipTables()).isEqualTo(isWholeTable);
    assertThat(geometry.hasCounterBlocks()).isEqualTo(hasBlocks);
    try (KernelDataplane dataplane = KernelDataplane.detached(config)) {
      int backend = geometry.backendIndices() - 1;
      int vip = geometry.vipIndices() - FAR_VIP;
      install(dataplane, vip, backend);

      byte[] v4 = Packet.tcp(CLIENT4, 1024, VIP4, 443).frame();
      byte[] v6 = Packet.tcp(CLIENT6, 1024, VIP6, 443).frame();
      assertThat(run(dataplane, v4)).isEqualTo(BpfConstants.XDP_TX);
      assertThat(run(dataplane, v6)).isEqualTo(BpfConstants.XDP_TX);
      assertThat(run(dataplane, Packet.tcp(CLIENT4, 1024, CLIENT4, 443).frame()))
          .isEqualTo(BpfConstants.XDP_PASS);

      assertThat(read(dataplane, Counter.Total.TX)).isEqualTo(new Count(2, v4.length + v6.length));
      assertThat(read(dataplane, Counter.Total.PASS).packets()).isOne();
      Count both = read(dataplane, new Counter.OfVip(vip, Counter.VipEvent.FORWARDED));
      assertThat(both.packets()).isEqualTo(2);
      assertThat(read(dataplane, new Counter.OfBackend(backend))).isEqualTo(both);
    }
  }

  private static Count read(KernelDataplane dataplane, Counter counter) {
    return dataplane.counters().read(counter);
  }

  private static void install(KernelDataplane dataplane, int vip, int backend) {
    dataplane.backends().put(backend, new BackendEntry(InetAddresses.forString("10.0.0.1"), HOP));
    int[] slots = new int[13];
    Arrays.fill(slots, backend);
    dataplane.rings().put(vip, slots);
    dataplane.vips().put(DataplaneContract.tcp(VIP4, 443), new VipEntry(vip, NO_FLAGS));
    dataplane.vips().put(DataplaneContract.tcp(VIP6, 443), new VipEntry(vip, NO_FLAGS));
  }

  private static int run(KernelDataplane dataplane, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      return dataplane.loaded().program().run(frame, bytes.length, null, null).retval();
    }
  }
}
