package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Nothing costs more because there are many VIPs, except what is about all of them. Counts
 * allocated bytes, which are the same in each run, instead of time.
 */
class ManyVipsTest {

  private static final int FEW = 10;
  private static final int MANY = 2000;

  /** Allocations that do not depend on the number of VIPs may differ by this much. */
  private static final long SLACK = 20_000;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final FakeClock clock = new FakeClock();

  private Control control(int ringSize) {
    DataplaneConfig config =
        DataplaneConfig.of(
            Limits.defaults().vips(MANY).backends(3 * MANY).ringSize(ringSize).flowTableSize(1024));
    return Balancers.control(
        new JavaDataplane(config, clock::nanos), config, clock, (name, task) -> () -> {});
  }

  private static Vip vip(int number) {
    return Vip.tcp("203.%d.%d.1".formatted(number >> 8, number & 255), 443)
        .backends(
            IntStream.range(1, 4)
                .mapToObj(
                    each -> Backend.of("10.%d.%d.%d".formatted(number >> 8, number & 255, each)))
                .toList())
        .build();
  }

  private static List<Vip> vips(int count) {
    return IntStream.range(0, count).mapToObj(ManyVipsTest::vip).toList();
  }

  /** Returns the bytes that a task allocates, without those of its first runs. */
  private static long allocated(Runnable task) {
    for (int i = 0; i < 20; i++) {
      task.run();
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 20; i++) {
      task.run();
    }
    return (THREADS.getCurrentThreadAllocatedBytes() - before) / 20;
  }

  private long allocatedByPuts(int count) {
    try (Control control = control(127)) {
      LoadBalancer lb = Balancers.over(control);
      lb.apply(vips(count));
      Vip vip = vip(count / 2);
      Vip draining = vip.draining(vip.backends().getFirst().key());
      return allocated(() -> {
        lb.put(draining);
        lb.put(vip);
      });
    }
  }

  @Test
  void put_oneOfManyVips_allocatesAsMuchAsAmongFew() {
    assertThat(allocatedByPuts(MANY)).isLessThan(allocatedByPuts(FEW) + SLACK);
  }

  private long allocatedByPutOfNew(int count) {
    try (Control control = control(127)) {
      LoadBalancer lb = Balancers.over(control);
      lb.apply(vips(count));
      Vip vip = vip(MANY - 1);
      return allocated(() -> {
        lb.put(vip);
        lb.remove(vip);
      });
    }
  }

  @Test
  void putAndRemove_amongManyVips_allocatesAsMuchAsAmongFew() {
    assertThat(allocatedByPutOfNew(MANY / 2)).isLessThan(allocatedByPutOfNew(FEW) + SLACK);
  }

  private long allocatedByTicks(int count) {
    try (Control control = control(127)) {
      LoadBalancer lb = Balancers.over(control);
      lb.apply(vips(count));
      Vip vip = vip(count / 2);
      BackendKey backend = vip.backends().getFirst().key();
      lb.put(vip.draining(backend));
      CompletableFuture<DrainResult> drained =
          lb.whenDrained(vip.key(), backend, Duration.ofHours(1), Duration.ofHours(2));
      long allocated = allocated(control::tick);
      assertThat(drained).isNotDone();
      return allocated;
    }
  }

  @Test
  void tick_oneOfManyVipsChangesAndDrains_allocatesAsMuchAsWithFew() {
    assertThat(allocatedByTicks(MANY)).isLessThan(allocatedByTicks(FEW) + SLACK);
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void apply_manyVipsWithBackendsOfTheirOwn_keepsNoRingsOnTheHeap() {
    List<Vip> vips = vips(500);
    try (Control control = control(65537)) {
      long before = usedHeap();
      Balancers.over(control).apply(vips);
      assertThat((usedHeap() - before) / 500).isLessThan(50_000);
    }
  }

  @Test
  void apply_backendOfManyVipsDrains_allChangeAndAreStableAgain() {
    Backend shared = Backend.of("10.200.0.1");
    List<Vip> vips = vips(200).stream().map(vip -> vip.with(shared)).toList();
    List<Vip> draining = vips.stream().map(vip -> vip.draining(shared.key())).toList();
    try (Control control = control(127)) {
      LoadBalancer lb = Balancers.over(control);
      lb.apply(vips);
      lb.apply(draining);
      for (Vip vip : draining) {
        Ring before = Ring.of(lb.limits(), vip.algorithm(), vip.with(shared).backends());
        Ring after = lb.ring(vip.key()).orElseThrow();
        assertThat(after).isEqualTo(Ring.of(lb.limits(), vip.algorithm(), vip.backends()));
        assertThat(lb.status(vip.key()).orElseThrow().changing())
            .isEqualTo((int) Math.round(127 * before.difference(after)))
            .isPositive();
      }
      CompletableFuture<DrainResult> drained =
          lb.whenDrained(
              draining.getFirst().key(), shared.key(), Duration.ofSeconds(30), Duration.ofHours(1));
      for (int i = 0; i < 100; i++) {
        clock.pass(Duration.ofSeconds(30));
        control.tick();
      }
      assertThat(drained).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(DrainResult.QUIET);
      assertThat(draining).allMatch(vip -> lb.status(vip.key()).orElseThrow().isStable());
    }
  }
}
