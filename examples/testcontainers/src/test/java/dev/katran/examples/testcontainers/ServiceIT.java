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

/** What clients see, over real sockets, of the service whose backends come and go. */
@NeedsDocker
class ServiceIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration MOMENT = Duration.ofMillis(500);
  private static final int FLOWS = 100;

  /** Where the client's ports begin, below those that the kernel gives away. */
  private static final int OPEN_IPV4 = 20_000;

  private static final int OPEN_IPV6 = 21_000;
  private static final int NEW = 22_000;

  private Site site;

  @BeforeEach
  void start(TestInfo test) {
    site = Site.start(test, 3);
  }

  @AfterEach
  void stop() {
    site.close();
  }

  @Test
  void requestsSpreadAsTheRingSays() throws Exception {
    assertNewFlowsGoByTheRing(1, 2, 3);
    assertThat(site.service().send("GET", "/counters")).containsEntry("dropped", "0");
  }

  @Test
  void largeRequestsArriveThoughTheEncapsulationTakesRoom() throws Exception {
    for (String vip : Site.VIPS) {
      assertThat(connect("ask", vip, NEW, 3, 1_000_000).values())
          .hasSize(3)
          .allMatch(answer -> answer.endsWith(" 1000000"));
    }
  }

  @Test
  void theFlowsOfABackendThatStopsMoveAndOthersDoNot() throws Exception {
    Map<String, String> open = open();
    assertThat(open).containsValue(Site.backend(2));

    site.stopBackend(2);
    awaitBackend(2, "dead");

    assertNewFlowsGoByTheRing(1, 3);
    Map<String, String> after = askOnOpen();
    assertThat(Maps.filterValues(after, answer -> !answer.startsWith("failed:")))
        .isEqualTo(Maps.filterValues(open, name -> !name.equals(Site.backend(2))));

    site.startBackend(2);
    awaitBackend(2, "alive");
    assertNewFlowsGoByTheRing(1, 2, 3);
  }

  @Test
  void aBackendThatIsAddedGetsItsShareOfNewFlowsAndOpenOnesStay() throws Exception {
    Map<String, String> open = open();

    site.startBackend(4);
    for (String address : site.addresses(4)) {
      site.service().send("PUT", "/backends/" + address);
    }

    assertNewFlowsGoByTheRing(1, 2, 3, 4);
    // by the ring alone, some would have moved
    assertThat(site.byTheRing(Site.VIP_IPV4, OPEN_IPV4, FLOWS, 1, 2, 3, 4))
        .containsValue(Site.backend(4));
    assertThat(askOnOpen()).isEqualTo(open);

    for (String address : site.addresses(4)) {
      site.service().send("DELETE", "/backends/" + address);
    }
    assertNewFlowsGoByTheRing(1, 2, 3);
  }

  @Test
  void openConnectionsGoOnAfterTheServiceIsRestarted() throws Exception {
    Map<String, String> open = open();

    site.stopService();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Map<String, String>> answers = threads.submit(this::askOnOpen);
      Thread.sleep(MOMENT);
      assertThat(answers).isNotDone(); // nobody forwards what the client sends

      site.startServiceAgain();
      assertThat(answers).succeedsWithin(PATIENCE).isEqualTo(open);
    }
    assertThat(askOnOpen()).isEqualTo(open);
    assertNewFlowsGoByTheRing(1, 2, 3);
  }

  /** Opens connections to both VIPs, and returns who serves each of them. */
  private Map<String, String> open() throws Exception {
    Map<String, String> open = connect("hold", Site.VIP_IPV4, OPEN_IPV4, FLOWS, 1);
    open.putAll(connect("hold", Site.VIP_IPV6, OPEN_IPV6, FLOWS, 1));
    return names(open);
  }

  private Map<String, String> askOnOpen() throws Exception {
    return names(site.client().send("POST", "/held"));
  }

  /** To the very backend that the ring of these backends names, and to each of them some. */
  private void assertNewFlowsGoByTheRing(int... backends) throws Exception {
    for (String vip : Site.VIPS) {
      assertThat(names(connect("ask", vip, NEW, FLOWS, 1)))
          .isEqualTo(site.byTheRing(vip, NEW, FLOWS, backends))
          .containsValues(IntStream.of(backends).mapToObj(Site::backend).toArray(String[]::new));
    }
  }

  private Map<String, String> connect(String what, String vip, int from, int count, int bytes)
      throws Exception {
    String host = vip.contains(":") ? "[" + vip + "]" : vip;
    return site.client()
        .send(
            "POST",
            "/%s?to=%s:%d&from=%d&count=%d&bytes=%d"
                .formatted(what, host, Site.PORT, from, count, bytes));
  }

  /** A backend answers a line of one byte with its name and that length. */
  private static Map<String, String> names(Map<String, String> answers) {
    return Maps.transformValues(answers, answer -> answer.replaceFirst(" 1$", ""));
  }

  private void awaitBackend(int number, String state) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> {
          Map<String, String> states = site.service().send("GET", "/backends");
          assertThat(site.addresses(number))
              .allSatisfy(address -> assertThat(states).containsEntry(address, state));
        });
  }
}
