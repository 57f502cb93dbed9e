package dev.katran.examples.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.Maps;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Checks what clients see, over real sockets, while backends of the service come and go. */
@NeedsDocker
class ServiceIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Duration OUTAGE = Duration.ofMillis(500);

  private TestBed bed;
  private Traffic traffic;

  @BeforeEach
  void start(TestInfo test) {
    bed = TestBed.start(test, 3);
    traffic = new Traffic(bed);
  }

  @AfterEach
  void stop() {
    bed.close();
  }

  @Test
  void newFlows_stableBackends_followTheRing() throws Exception {
    traffic.assertNewFlowsFollowTheRing(1, 2, 3);
    assertThat(bed.service().send("GET", "/counters")).containsEntry("dropped", "0");
  }

  @Test
  void request_largerThanThePathMtu_arrives() throws Exception {
    for (String vip : TestBed.VIPS) {
      assertThat(traffic.connect("send", vip, Traffic.NEW, 3, 1_000_000).values())
          .hasSize(3)
          .allMatch(answer -> answer.endsWith(" 1000000"));
    }
  }

  @Test
  void backendStops_openFlows_onlyItsOwnMove() throws Exception {
    Map<String, String> open = traffic.open();
    assertThat(open).containsValue(TestBed.backend(2));

    bed.stopBackend(2);
    awaitBackend(2, "dead");

    traffic.assertNewFlowsFollowTheRing(1, 3);
    Map<String, String> after = traffic.sendOnOpen();
    assertThat(Maps.filterValues(after, answer -> !answer.startsWith("failed:")))
        .isEqualTo(Maps.filterValues(open, name -> !name.equals(TestBed.backend(2))));

    bed.startBackend(2);
    awaitBackend(2, "alive");
    traffic.assertNewFlowsFollowTheRing(1, 2, 3);
  }

  @Test
  void backendAdded_openFlows_stay() throws Exception {
    Map<String, String> open = traffic.open();

    bed.startBackend(4);
    for (String address : bed.addresses(4)) {
      bed.service().send("PUT", "/backends/" + address);
    }

    traffic.assertNewFlowsFollowTheRing(1, 2, 3, 4);
    // by the ring alone, some flows would have moved
    assertThat(bed.ringChoice(TestBed.VIP_IPV4, Traffic.OPEN_IPV4, Traffic.FLOWS, 1, 2, 3, 4))
        .containsValue(TestBed.backend(4));
    assertThat(traffic.sendOnOpen()).isEqualTo(open);

    for (String address : bed.addresses(4)) {
      bed.service().send("DELETE", "/backends/" + address);
    }
    traffic.assertNewFlowsFollowTheRing(1, 2, 3);
  }

  @Test
  void serviceRestarts_openConnections_continue() throws Exception {
    Map<String, String> open = traffic.open();

    bed.stopService();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Map<String, String>> answers = threads.submit(traffic::sendOnOpen);
      Thread.sleep(OUTAGE);
      assertThat(answers).isNotDone(); // the client's packets are not forwarded now

      bed.restartService();
      assertThat(answers).succeedsWithin(TIMEOUT).isEqualTo(open);
    }
    assertThat(traffic.sendOnOpen()).isEqualTo(open);
    traffic.assertNewFlowsFollowTheRing(1, 2, 3);
  }

  private void awaitBackend(int number, String state) {
    await()
        .atMost(TIMEOUT)
        .ignoreExceptions()
        .untilAsserted(() -> {
          Map<String, String> states = bed.service().send("GET", "/backends");
          assertThat(bed.addresses(number))
              .allSatisfy(address -> assertThat(states).containsEntry(address, state));
        });
  }
}
