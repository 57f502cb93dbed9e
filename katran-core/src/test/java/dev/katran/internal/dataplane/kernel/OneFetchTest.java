package dev.katran.internal.dataplane.kernel;

import static dev.katran.internal.dataplane.DataplaneContract.VIP4;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.TestRunOptions;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DataplaneContract;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/**
 * A packet looks up its VIP in one table and its slot in one ring, even if they are replaced
 * meanwhile: otherwise it would find nothing in either, and pass or be dropped.
 *
 * <p>The backends have no next hop, so the program drops a packet unchanged once it has chosen one,
 * and the kernel can run it on the same frame in a loop. Only then do replacements meet packets
 * between two look-ups: about one in 100 for VIPs and one in 12 for rings, on two CPUs.
 */
@NeedsKernel
class OneFetchTest {

  private static final int SWAPS = Integer.getInteger("katran.swaps", 300);

  /** Runs per system call. A call also takes some milliseconds before it runs the program. */
  private static final int RUNS = 1_000_000;

  /** Packets that meet swaps, at least: to swap a ring takes a few writes to memory. */
  private static final long PACKETS = 50_000L * SWAPS;

  private static final int CURRENT = 1;
  private static final int PREVIOUS = 2;
  private static final int TCP_FLAGS = 14 + 20 + 13;
  private static final byte RST = 4;

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(DataplaneContract.CONFIG.limits().ringSize(13));

  /** Runs frames while {@code swap} is called with the number of each swap. */
  private static void assertBackendAlwaysChosen(KernelDataplane dataplane, IntConsumer swap)
      throws Exception {
    AtomicBoolean isOver = new AtomicBoolean();
    AtomicLong runs = new AtomicLong();
    int swaps = 0;
    try (ExecutorService runner = Executors.newSingleThreadExecutor()) {
      Future<?> result = runner.submit(() -> run(dataplane, runs, isOver));
      try {
        for (; (swaps < SWAPS || runs.get() < PACKETS) && !result.isDone(); swaps++) {
          swap.accept(swaps);
        }
      } finally {
        isOver.set(true);
      }
      result.get();
    }
    System.out.printf("one fetch: %d swaps, %d packets%n", swaps, runs.get());
    assertThat(runs.get()).isGreaterThan(SWAPS);
    assertThat(count(dataplane, Counter.Total.PASS)).as("packets without a VIP").isZero();
    assertThat(count(dataplane, Counter.Total.RING_EMPTY)).as("packets without a slot").isZero();
    assertThat(count(dataplane, Counter.Total.BACKEND_UNKNOWN)).isPositive();
  }

  private static long count(KernelDataplane dataplane, Counter.Total counter) {
    return dataplane.counters().read(counter).packets();
  }

  private static void run(KernelDataplane dataplane, AtomicLong runs, AtomicBoolean isOver) {
    byte[] bytes = Packet.tcp("198.51.100.7", 1000, VIP4, 443).frame();
    bytes[TCP_FLAGS] = RST; // makes no entry in the flow table
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      BpfProgram program = dataplane.loaded().program();
      while (!isOver.get()) {
        program.run(frame, bytes.length, null, null, TestRunOptions.DEFAULT.repeat(RUNS));
        runs.addAndGet(RUNS);
      }
    }
  }

  private static KernelDataplane open() {
    KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
    dataplane.program().use(new Features(0, false, false, true));
    for (int number : new int[] {CURRENT, PREVIOUS}) {
      dataplane
          .backends()
          .put(number, new BackendEntry(InetAddresses.forString("10.0.0." + number), null));
    }
    dataplane.rings().put(0, ring(true));
    return dataplane;
  }

  private static RingSlots ring(boolean isChanging) {
    RingSlots.Builder builder = RingSlots.stable(new int[CONFIG.limits().ringSize()]).toBuilder();
    for (int slot = 0; slot < CONFIG.limits().ringSize(); slot++) {
      if (isChanging) {
        builder.changing(slot, CURRENT, PREVIOUS);
      } else {
        builder.stable(slot, CURRENT);
      }
    }
    return builder.build();
  }

  @Test
  void run_vipOfEveryPortReplacedByOneOfThisPort_findsOneOfThem() throws Exception {
    try (KernelDataplane dataplane = open()) {
      dataplane.vips().put(DataplaneContract.tcp(VIP4, 0), new VipEntry(0, 0));
      assertBackendAlwaysChosen(
          dataplane,
          i ->
              dataplane.batch(() -> {
                int after = i % 2 == 0 ? 443 : 0;
                dataplane.vips().remove(DataplaneContract.tcp(VIP4, 443 - after));
                dataplane.vips().put(DataplaneContract.tcp(VIP4, after), new VipEntry(0, 0));
              }));
    }
  }

  @Test
  void run_ringSettlesMeanwhile_findsBothBackendsOfASlot() throws Exception {
    try (KernelDataplane dataplane = open()) {
      dataplane.vips().put(DataplaneContract.tcp(VIP4, 443), new VipEntry(0, 0));
      assertBackendAlwaysChosen(dataplane, i -> dataplane.rings().put(0, ring(i % 2 != 0)));
    }
  }
}
