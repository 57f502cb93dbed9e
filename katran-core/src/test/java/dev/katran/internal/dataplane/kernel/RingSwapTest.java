package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DataplaneContract;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Replacing a ring is atomic for packets on other CPUs. */
@NeedsKernel
class RingSwapTest {

  private static final int SWAPS = 200;
  private static final int FLOWS = 32;

  /**
   * Each generation of the ring has one backend in all slots. A reader sends packets to many slots
   * in a loop: after it has seen a generation it must not see an older one, or a backend outside
   * the generations.
   */
  @Test
  void put_concurrentPackets_neverSeeAMixOfOldAndNew() throws Exception {
    DataplaneConfig config = DataplaneConfig.of(DataplaneContract.CONFIG.limits().backends(256));
    try (KernelDataplane dataplane = KernelDataplane.detached(config);
        ExecutorService reader = Executors.newSingleThreadExecutor()) {
      for (int number = 1; number <= SWAPS; number++) {
        dataplane
            .backends()
            .put(
                number,
                new BackendEntry(
                    InetAddresses.forString("10.0.0." + number), DataplaneContract.HOP));
      }
      dataplane.rings().put(0, ring(config, 1));
      dataplane.vips().put(DataplaneContract.tcp(DataplaneContract.VIP4, 443), new VipEntry(0, 0));
      AtomicBoolean isOver = new AtomicBoolean();
      AtomicInteger packets = new AtomicInteger();
      Future<Set<Integer>> seen = reader.submit(() -> read(dataplane, packets, isOver));
      for (int number = 2; number <= SWAPS; number++) {
        awaitMore(packets, seen);
        dataplane.rings().put(0, ring(config, number));
        dataplane.commit(); // frees the memory of the generation before
      }
      isOver.set(true);
      assertThat(seen.get()).hasSizeGreaterThan(SWAPS / 4).contains(SWAPS);
    }
  }

  /** Waits until packets have met the last swap. */
  private static void awaitMore(AtomicInteger packets, Future<?> reader) {
    int before = packets.get();
    while (packets.get() < before + FLOWS && !reader.isDone()) {
      Thread.onSpinWait();
    }
  }

  private static int[] ring(DataplaneConfig config, int number) {
    int[] slots = new int[config.limits().ringSize()];
    Arrays.fill(slots, number);
    return slots;
  }

  private static Set<Integer> read(
      Dataplane dataplane, AtomicInteger packets, AtomicBoolean isOver) {
    byte[][] frames = new byte[FLOWS][];
    for (int i = 0; i < FLOWS; i++) {
      frames[i] = Packet.tcp("198.51.100.7", 1000 + i, DataplaneContract.VIP4, 443).frame();
    }
    Set<Integer> seen = new HashSet<>();
    int latest = 1;
    boolean last;
    do {
      last = isOver.get();
      for (byte[] frame : frames) {
        byte[] destination =
            Encapsulated.read(dataplane.program().run(frame).frame()).destination().getAddress();
        int generation = destination[3] & 0xff;
        assertThat(generation).isBetween(latest, SWAPS);
        latest = generation;
        seen.add(generation);
        packets.incrementAndGet();
      }
    } while (!last);
    return seen;
  }
}
