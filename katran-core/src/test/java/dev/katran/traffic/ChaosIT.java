package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What happens to the process of a pinned balancer, and what it is told, at random, while clients
 * download and send requests. None of it may be noticed by a client: the backends live.
 *
 * <p>The system properties {@code katran.chaos.seed} and {@code katran.chaos.seconds} repeat a run
 * and make it longer.
 */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class ChaosIT {

  private static final long SEED = Long.getLong("katran.chaos.seed", System.nanoTime());
  private static final Duration LENGTH =
      Duration.ofSeconds(Long.getLong("katran.chaos.seconds", 60));

  private static final int LONG_LIVED = 6;
  private static final int MOST_WEIGHT = 9;

  private enum Event {
    KILL,
    KILL_IN_A_CHANGE,
    STOP_AND_CONTINUE,
    HAND_OVER,
    WEIGHT,
    DRAIN,
    ALL_BACKENDS
  }

  private final Random random = new Random(SEED);
  private final Map<Event, Integer> events = new EnumMap<>(Event.class);
  private PinnedBalancer balancer;
  private List<String> backends;

  @Test
  void anythingToTheProcess_whileClientsDownload_isNotNoticed() throws Exception {
    System.out.println("chaos: seed " + SEED + ", " + LENGTH.toSeconds() + " s");
    try (BpfMount files = BpfMount.open();
        Testbed testbed = Testbed.of(3, Service.ECHO)) {
      Path folder = files.path().resolve("katran");
      backends =
          testbed.servers().stream().map(server -> server.host().ipv4().getHostAddress()).toList();
      balancer = PinnedBalancer.start(testbed, folder);
      try {
        balancer.run("use", backends);
        run(testbed, folder);
      } finally {
        balancer.kill();
      }
    }
  }

  private void run(Testbed testbed, Path folder) throws Exception {
    List<InetSocketAddress> targets =
        List.of(PinnedBalancer.target(Testbed.VIP_IPV4), PinnedBalancer.target(Testbed.VIP_IPV6));
    try (ContinuousTraffic traffic = new ContinuousTraffic(testbed.client(), targets, LONG_LIVED)) {
      long end = System.nanoTime() + LENGTH.toNanos();
      while (System.nanoTime() - end < 0) {
        Event event = Event.values()[random.nextInt(Event.values().length)];
        happen(event, testbed, folder);
        events.merge(event, 1, Integer::sum);
        Thread.sleep(random.nextInt(200));
        assertThat(traffic.failures()).as("seed " + SEED + ", after " + events).isEmpty();
      }
      System.out.println("chaos: " + events + ", " + traffic.messages() + " messages, 0 failed");
    }
  }

  private void happen(Event event, Testbed testbed, Path folder) throws Exception {
    switch (event) {
      case KILL -> {
        balancer.kill();
        Thread.sleep(random.nextInt(300));
        balancer = adopted(testbed, folder);
      }
      case KILL_IN_A_CHANGE -> {
        balancer.send("flap", backends);
        Thread.sleep(random.nextInt(100));
        balancer.kill();
        balancer = adopted(testbed, folder);
      }
      case STOP_AND_CONTINUE -> {
        balancer.signal("STOP");
        Thread.sleep(random.nextInt(2000));
        balancer.signal("CONT");
      }
      case HAND_OVER -> {
        PinnedBalancer before = balancer;
        balancer = adopted(testbed, folder);
        before.kill();
      }
      case WEIGHT -> balancer.run("weight " + (1 + random.nextInt(MOST_WEIGHT)), backends);
      case DRAIN -> balancer.run("drain " + random.nextInt(backends.size()), backends);
      case ALL_BACKENDS -> balancer.run("use", backends);
    }
  }

  private static PinnedBalancer adopted(Testbed testbed, Path folder) throws Exception {
    PinnedBalancer next = PinnedBalancer.start(testbed, folder);
    assertThat(next.isAdopted()).isTrue();
    return next;
  }
}
