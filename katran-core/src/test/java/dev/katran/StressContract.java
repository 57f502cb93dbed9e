package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.control.MonotonicClock;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.packets.Packet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Eight threads use the whole API at once, while writes of the dataplane fail at random and
 * balancers are opened and closed. Nothing but the announced exceptions is thrown, nothing waits
 * for ever, and in the end the balancer does what a new one does.
 */
abstract class StressContract {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(
          Limits.defaults().vips(16).backends(32).ringSize(127).flowTableSize(4096).serverIds(64));
  private static final int THREADS = 8;
  private static final Duration TIME = Duration.ofSeconds(8);

  /** The reciprocal of the failure rate: one write in 50 fails. */
  private static final int FAILURES = 50;

  private static final List<Backend> BACKENDS =
      IntStream.rangeClosed(1, 8).mapToObj(i -> Backend.of("10.0.0." + i)).toList();

  private static final List<Tracking> TRACKING =
      List.of(Tracking.NONE, Tracking.ADAPTIVE, Tracking.ALWAYS);

  private static final List<Vip> VIPS =
      IntStream.range(0, 6)
          .mapToObj(i ->
              Vip.tcp("203.0.113." + (10 + i), 443)
                  .backends(BACKENDS.subList(i % 4, 4 + i % 4))
                  .tracking(TRACKING.get(i % 3))
                  .build())
          .toList();

  private final Queue<Throwable> unexpected = new ConcurrentLinkedQueue<>();

  /** Opens the dataplane under test. */
  abstract Dataplane open(DataplaneConfig config);

  private static Vip vip(RandomGenerator random) {
    return VIPS.get(random.nextInt(VIPS.size()));
  }

  private static Backend backend(RandomGenerator random) {
    return BACKENDS.get(random.nextInt(BACKENDS.size()));
  }

  private static byte[] frame(RandomGenerator random) {
    int port = 1000 + random.nextInt(500);
    return Packet.tcp("198.51.100.7", port, "203.0.113." + (10 + random.nextInt(6)), 443).frame();
  }

  private void use(LoadBalancer lb) {
    RandomGenerator random = ThreadLocalRandom.current();
    Vip vip = vip(random);
    switch (random.nextInt(18)) {
      case 0 -> lb.put(vip.with(backend(random)));
      case 1 -> lb.update(vip.key(), each -> each.draining(each.backends().getFirst().key()));
      case 2 -> lb.remove(vip.key());
      case 3 -> lb.apply(VIPS.subList(0, random.nextInt(VIPS.size())));
      case 4 -> lb.serverIds().putAll(Map.of(1 + random.nextInt(60), backend(random)));
      case 5 -> lb.serverIds().removeAll(Set.of(1 + random.nextInt(60)));
      case 6 -> lb.serverIds().replace(Map.of(1, backend(random)));
      case 7 -> lb.flows().forEach(flow -> lb.vip(flow.vip()));
      case 8 -> lb.flows().purge(vip.key());
      case 9 -> lb.status(vip.key());
      case 10 -> lb.route(Flow.tcp("198.51.100.7", 1000, "203.0.113.10", 443));
      case 11 -> lb.counters().vip(vip.key());
      case 12 -> lb.kernelResources();
      case 13 -> lb.watch(vip.key());
      case 14 -> lb.downBackends().add(vip.key(), vip.backends().getFirst().key());
      case 15 -> drain(lb, vip);
      default -> lb.simulate(frame(random));
    }
  }

  private void drain(LoadBalancer lb, Vip vip) {
    BackendKey first = vip.backends().getFirst().key();
    lb.put(vip.draining(first));
    CompletableFuture<Void> drained =
        lb.whenDrained(vip.key(), first, Duration.ofSeconds(1), Duration.ofSeconds(2))
            .handle((result, closed) -> {
              put(lb, vip);
              return null;
            });
    assertThat(drained).isNotNull();
  }

  private void put(LoadBalancer lb, Vip vip) {
    try {
      lb.put(vip);
    } catch (RuntimeException e) {
      expect(e);
    }
  }

  private void expect(RuntimeException e) {
    boolean isAnnounced =
        e instanceof LoadBalancerException
            || e instanceof FailingDataplane.WriteFailure
            || (e instanceof IllegalStateException && e.getMessage().contains("is closed"))
            || (e instanceof IllegalArgumentException
                && (e.getMessage().contains("is not installed")
                    || e.getMessage().contains("is not a backend")
                    || e.getMessage().contains("is not draining")
                    || e.getMessage().contains("has the backend")));
    if (!isAnnounced) {
      unexpected.add(e);
    }
  }

  private void useUntil(long end, LoadBalancer lb) {
    while (System.nanoTime() < end) {
      try {
        use(lb);
      } catch (RuntimeException e) {
        expect(e);
      } catch (Error e) {
        unexpected.add(e);
      }
    }
  }

  private void openAndCloseUntil(long end) {
    while (System.nanoTime() < end) {
      LoadBalancer lb = Balancers.over(open(CONFIG), CONFIG);
      Thread user = Thread.ofPlatform().start(() -> useUntil(System.nanoTime() + 50_000_000L, lb));
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        unexpected.add(e);
      }
      lb.close();
      join(user);
    }
  }

  private void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      unexpected.add(e);
    }
  }

  @Test
  @Timeout(120)
  void use_eightThreadsAndRandomFailures_endsLikeANewBalancer() {
    FailingDataplane failing = new FailingDataplane(open(CONFIG));
    Control control =
        Balancers.control(failing.dataplane(), CONFIG, MonotonicClock.system(), Ticker.THREADS);
    try (LoadBalancer lb = Balancers.over(control)) {
      failing.fail(write -> ThreadLocalRandom.current().nextInt(FAILURES) == 0, false);
      long end = System.nanoTime() + TIME.toNanos();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < THREADS - 1; i++) {
        threads.add(Thread.ofPlatform().start(() -> useUntil(end, lb)));
      }
      threads.add(Thread.ofPlatform().start(() -> openAndCloseUntil(end)));
      threads.forEach(this::join);
      assertThat(failing.hasFailed()).isTrue();
      failing.heal();
      control.tick();
      assertThat(control.isDirty()).isFalse();
      lb.apply(List.of());
      lb.serverIds().replace(Map.of());
      lb.apply(VIPS);
      assertThat(unexpected).isEmpty();
      try (LoadBalancer other = Balancers.over(open(CONFIG), CONFIG)) {
        other.apply(VIPS);
        assertThat(sent(lb)).isEqualTo(sent(other));
      }
    }
  }

  private static List<Integer> sent(LoadBalancer lb) {
    List<Integer> sent = new ArrayList<>();
    for (int port = 5000; port < 5100; port++) {
      for (int vip = 0; vip < VIPS.size(); vip++) {
        byte[] frame = Packet.tcp("198.51.100.8", port, "203.0.113." + (10 + vip), 443).frame();
        sent.add(Arrays.hashCode(lb.simulate(frame).frame()));
      }
    }
    return sent;
  }
}
