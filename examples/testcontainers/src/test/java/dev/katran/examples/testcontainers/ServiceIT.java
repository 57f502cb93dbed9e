package dev.katran.examples.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.Maps;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Checks what clients see, over real sockets, while backends of the service come and go. */
@NeedsDocker
class ServiceIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Duration OUTAGE = Duration.ofMillis(500);
  private static final int FLOWS = 100;

  /** The first client port, below the kernel's ephemeral ports. */
  private static final int OPEN_IPV4 = 20_000;

  private static final int OPEN_IPV6 = 21_000;
  private static final int NEW = 22_000;

  private TestBed bed;

  @BeforeEach
  void start(TestInfo test) {
    bed = TestBed.start(test, 3);
  }

  @AfterEach
  void stop() {
    bed.close();
  }

  @Test
  void newFlows_stableBackends_followTheRing() throws Exception {
    assertNewFlowsFollowTheRing(1, 2, 3);
    assertThat(bed.service().send("GET", "/counters")).containsEntry("dropped", "0");
  }

  @Test
  void request_largerThanThePathMtu_arrives() throws Exception {
    for (String vip : TestBed.VIPS) {
      assertThat(connect("send", vip, NEW, 3, 1_000_000).values())
          .hasSize(3)
          .allMatch(answer -> answer.endsWith(" 1000000"));
    }
  }

  @Test
  void backendStops_openFlows_onlyItsOwnMove() throws Exception {
    Map<String, String> open = open();
    assertThat(open).containsValue(TestBed.backend(2));

    bed.stopBackend(2);
    awaitBackend(2, "dead");

    assertNewFlowsFollowTheRing(1, 3);
    Map<String, String> after = sendOnOpen();
    assertThat(Maps.filterValues(after, answer -> !answer.startsWith("failed:")))
        .isEqualTo(Maps.filterValues(open, name -> !name.equals(TestBed.backend(2))));

    bed.startBackend(2);
    awaitBackend(2, "alive");
    assertNewFlowsFollowTheRing(1, 2, 3);
  }

  @Test
  void backendAdded_openFlows_stay() throws Exception {
    Map<String, String> open = open();

    bed.startBackend(4);
    for (String address : bed.addresses(4)) {
      bed.service().send("PUT", "/backends/" + address);
    }

    assertNewFlowsFollowTheRing(1, 2, 3, 4);
    // by the ring alone, some flows would have moved
    assertThat(bed.ringChoice(TestBed.VIP_IPV4, OPEN_IPV4, FLOWS, 1, 2, 3, 4))
        .containsValue(TestBed.backend(4));
    assertThat(sendOnOpen()).isEqualTo(open);

    for (String address : bed.addresses(4)) {
      bed.service().send("DELETE", "/backends/" + address);
    }
    assertNewFlowsFollowTheRing(1, 2, 3);
  }

  @Test
  void serviceRestarts_openConnections_continue() throws Exception {
    Map<String, String> open = open();

    bed.stopService();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Map<String, String>> answers = threads.submit(this::sendOnOpen);
      Thread.sleep(OUTAGE);
      assertThat(answers).isNotDone(); // the client's packets are not forwarded now

      bed.restartService();
      assertThat(answers).succeedsWithin(TIMEOUT).isEqualTo(open);
    }
    assertThat(sendOnOpen()).isEqualTo(open);
    assertNewFlowsFollowTheRing(1, 2, 3);
  }

  /** Opens connections to both VIPs and returns the backend of each. */
  private Map<String, String> open() throws Exception {
    Map<String, String> open = connect("hold", TestBed.VIP_IPV4, OPEN_IPV4, FLOWS, 1);
    open.putAll(connect("hold", TestBed.VIP_IPV6, OPEN_IPV6, FLOWS, 1));
    return names(open);
  }

  private Map<String, String> sendOnOpen() throws Exception {
    return names(bed.client().send("POST", "/held"));
  }

  /**
   * Checks that each new flow goes to the backend that the ring selects, and that all backends get
   * some.
   */
  private void assertNewFlowsFollowTheRing(int... backends) throws Exception {
    for (String vip : TestBed.VIPS) {
      assertThat(names(connect("send", vip, NEW, FLOWS, 1)))
          .isEqualTo(bed.ringChoice(vip, NEW, FLOWS, backends))
          .containsValues(IntStream.of(backends).mapToObj(TestBed::backend).toArray(String[]::new));
    }
  }

  private Map<String, String> connect(String what, String vip, int from, int count, int bytes)
      throws Exception {
    String host = vip.contains(":") ? "[" + vip + "]" : vip;
    return bed.client()
        .send(
            "POST",
            "/%s?to=%s:%d&from=%d&count=%d&bytes=%d"
                .formatted(what, host, TestBed.PORT, from, count, bytes));
  }

  /**
   * Removes the length from answers of the form {@code backend-1 1}, which leaves the backend's
   * name.
   */
  private static Map<String, String> names(Map<String, String> answers) {
    return Maps.transformValues(answers, answer -> answer.replaceFirst(" 1$", ""));
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
