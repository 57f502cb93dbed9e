package dev.katran.examples.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Checks that clients do not notice when the container of a pinned balancer is killed. */
@NeedsDocker
class PinnedServiceIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int UPLOADS = 3;
  private static final int BYTES = 1_000_000;

  private final AtomicInteger rounds = new AtomicInteger();
  private final AtomicBoolean done = new AtomicBoolean();
  private TestBed bed;
  private Traffic traffic;
  private Future<?> sender;

  @BeforeEach
  void start(TestInfo test) {
    bed = TestBed.startPinned(test, 3);
    traffic = new Traffic(bed);
  }

  @AfterEach
  void stop() {
    bed.close();
  }

  @Test
  void kill_containerOfTheService_forwardsWithoutItUntilItIsBack() throws Exception {
    Map<String, String> open = traffic.open();
    underTraffic(
        open,
        () -> {
          long packets = packets();
          bed.killService();
          awaitMoreRounds();
          assertThat(bed.isServiceRunning()).isFalse();

          bed.restartService();
          await().atMost(TIMEOUT).until(() -> bed.serviceLogs().contains("adopted, serving"));
          awaitMoreRounds();
          assertThat(packets()).isGreaterThan(packets + UPLOADS * BYTES / 1500);
          return null;
        });
    traffic.assertNewFlowsFollowTheRing(1, 2, 3);

    bed.startBackend(4);
    for (String address : bed.addresses(4)) {
      bed.service().send("PUT", "/backends/" + address);
    }
    traffic.assertNewFlowsFollowTheRing(1, 2, 3, 4);
    assertThat(traffic.sendOnOpen()).isEqualTo(open);
  }

  @Test
  void replace_service_handsOverToTheNewContainer() throws Exception {
    underTraffic(
        traffic.open(),
        () -> {
          awaitMoreRounds();
          bed.replaceService(3);
          await().atMost(TIMEOUT).until(() -> bed.serviceLogs().contains("handed over"));
          bed.killService();
          awaitMoreRounds();
          return null;
        });
    traffic.assertNewFlowsFollowTheRing(1, 2, 3);
  }

  /** Sends on open connections and uploads on new ones until an action is done. */
  private void underTraffic(Map<String, String> open, Callable<?> action) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      sender =
          threads.submit(() -> {
            while (!done.get()) {
              assertThat(traffic.sendOnOpen()).isEqualTo(open);
              for (String vip : TestBed.VIPS) {
                assertThat(traffic.connect("send", vip, Traffic.NEW, UPLOADS, BYTES).values())
                    .hasSize(UPLOADS)
                    .allMatch(answer -> answer.endsWith(" " + BYTES));
              }
              rounds.incrementAndGet();
            }
            return null;
          });
      try {
        action.call();
      } finally {
        done.set(true);
      }
      sender.get();
    }
  }

  /** Waits until at least two more rounds of traffic have begun and ended, or one has failed. */
  private void awaitMoreRounds() {
    int end = rounds.get() + 3;
    await().atMost(TIMEOUT).until(() -> rounds.get() >= end || sender.isDone());
  }

  /** Returns how many packets the backends have got. */
  private long packets() throws Exception {
    Map<String, String> counters = bed.service().send("GET", "/counters");
    return IntStream.rangeClosed(1, 3)
        .boxed()
        .flatMap(backend -> bed.addresses(backend).stream())
        .mapToLong(address -> Long.parseLong(counters.get(address)))
        .sum();
  }
}
