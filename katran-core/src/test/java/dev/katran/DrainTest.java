package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Packet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Drains, and code of the application that runs during them, on a fake clock. */
class DrainTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(1031).flowTableSize(1 << 16));

  /** How long to wait for what happens at once on another thread. */
  private static final Duration SOON = Duration.ofSeconds(20);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(ONE, TWO).build();

  private final FakeClock clock = new FakeClock();
  private final Control control =
      Balancers.control(
          new JavaDataplane(CONFIG, clock::nanos), CONFIG, clock, (name, task) -> () -> {});
  private final LoadBalancer lb = Balancers.over(control);

  @AfterEach
  void close() {
    lb.close();
  }

  private void sendOnOpenFlows() {
    for (int port = 2000; port < 2300; port++) {
      lb.simulate(Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame());
    }
  }

  private void pass(Duration time) {
    clock.pass(time);
    control.tick();
  }

  @Test
  void whenDrained_noPacketForQuietTime_completesWithQuiet() {
    lb.put(WEB);
    sendOnOpenFlows();
    lb.put(WEB.draining(ONE.key()));
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> drained =
        lb.whenDrained(WEB.key(), ONE.key(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 5; i++) {
      sendOnOpenFlows();
      pass(quiet.dividedBy(2));
      assertThat(drained).isNotDone();
    }
    pass(quiet);
    assertThat(drained).succeedsWithin(SOON).isEqualTo(DrainResult.QUIET);
  }

  @Test
  void whenDrained_anotherVipHasSlotsForTheBackend_waits() {
    Vip other = Vip.tcp("203.0.113.11", 443).backends(ONE).build();
    lb.put(WEB);
    lb.put(other);
    lb.put(WEB.draining(ONE.key()));
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> drained =
        lb.whenDrained(WEB.key(), ONE.key(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 5; i++) {
      pass(quiet);
      assertThat(drained).isNotDone();
    }
    lb.put(other.draining(ONE.key()));
    pass(quiet.dividedBy(2));
    assertThat(drained).isNotDone();
    pass(quiet);
    assertThat(drained).succeedsWithin(SOON).isEqualTo(DrainResult.QUIET);
  }

  @Test
  void whenDrained_packetsOfAnotherDrainingVip_areIgnored() {
    Vip other = Vip.tcp("203.0.113.11", 443).backends(ONE).build();
    lb.put(WEB);
    lb.put(other);
    sendOnOpenFlows();
    lb.put(WEB.draining(ONE.key()));
    lb.put(other.draining(ONE.key()));
    sendOnOpenFlows();
    byte[] otherFlow = Packet.tcp("198.51.100.7", 1000, "203.0.113.11", 443).frame();
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> drained =
        lb.whenDrained(WEB.key(), ONE.key(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 3; i++) {
      lb.simulate(otherFlow);
      sendOnOpenFlows();
      pass(quiet.dividedBy(2));
      assertThat(drained).isNotDone();
    }
    lb.simulate(otherFlow);
    pass(quiet);
    assertThat(drained).succeedsWithin(SOON).isEqualTo(DrainResult.QUIET);
  }

  @Test
  void whenDrained_callbackThatWaitsForAnotherThreadsChange_runs() {
    lb.put(WEB.draining(ONE.key()));
    CompletableFuture<Void> callback =
        lb.whenDrained(WEB.key(), ONE.key(), Duration.ofSeconds(1), Duration.ZERO)
            .thenRun(() -> CompletableFuture.runAsync(() -> lb.put(WEB)).join());
    control.tick();
    assertThat(callback).succeedsWithin(SOON);
  }

  @Test
  void whenDrained_callbackThatClosesTheBalancer_runs() {
    lb.put(WEB.draining(ONE.key()));
    CompletableFuture<Void> callback =
        lb.whenDrained(WEB.key(), ONE.key(), Duration.ofSeconds(1), Duration.ZERO)
            .thenRun(lb::close);
    control.tick();
    assertThat(callback).succeedsWithin(SOON);
  }

  @Test
  void whenDrained_longestTimeout_waits() {
    lb.put(WEB.draining(ONE.key()));
    CompletableFuture<DrainResult> drained =
        lb.whenDrained(
            WEB.key(), ONE.key(), Duration.ofSeconds(10), Duration.ofSeconds(Long.MAX_VALUE));
    pass(Duration.ofSeconds(5));
    assertThat(drained).isNotDone();
    pass(Duration.ofSeconds(10));
    assertThat(drained).succeedsWithin(SOON).isEqualTo(DrainResult.QUIET);
  }

  @Test
  void forEach_actionThatChangesAndClosesTheBalancer_runs() {
    lb.put(WEB);
    sendOnOpenFlows();
    lb.put(WEB.draining(ONE.key()));
    sendOnOpenFlows();
    List<Flow> seen = new ArrayList<>();
    assertTimeoutPreemptively(
        SOON,
        () ->
            lb.flows()
                .forEach(flow -> {
                  seen.add(flow.flow());
                  CompletableFuture.runAsync(() -> lb.put(WEB)).join();
                }));
    assertThat(seen).isNotEmpty();
    assertTimeoutPreemptively(SOON, () -> lb.flows().forEach(flow -> lb.close()));
  }

  @Test
  void update_functionThatChangesTheBalancer_isCalledAgain() {
    lb.put(WEB);
    int[] calls = {0};
    Optional<Vip> updated =
        lb.update(
            WEB.key(),
            vip -> {
              if (calls[0]++ == 0) {
                CompletableFuture.runAsync(() -> lb.put(WEB.with(THREE))).join();
              }
              return vip.draining(ONE.key());
            });
    assertThat(calls[0]).isEqualTo(2);
    assertThat(updated).contains(WEB.with(THREE).draining(ONE.key()));
    assertThat(lb.vip(WEB.key())).isEqualTo(updated);
  }

  @Test
  void routeAndStatus_closedBalancer_throw() {
    lb.put(WEB);
    lb.close();
    assertThatIllegalStateException().isThrownBy(() -> lb.status(WEB.key()));
    assertThatIllegalStateException()
        .isThrownBy(() -> lb.route(Flow.tcp("198.51.100.7", 1000, "203.0.113.10", 443)));
  }

  @Test
  void whenDrained_timeoutRemovalOrClose_completes() {
    Vip draining = WEB.draining(ONE.key()).draining(TWO.key());
    lb.put(WEB);
    sendOnOpenFlows();
    lb.put(draining);
    Duration quiet = Duration.ofSeconds(10);
    CompletableFuture<DrainResult> timedOut =
        lb.whenDrained(WEB.key(), ONE.key(), quiet, Duration.ofSeconds(15));
    CompletableFuture<DrainResult> removed =
        lb.whenDrained(WEB.key(), TWO.key(), quiet, Duration.ofHours(1));
    CompletableFuture<DrainResult> closed =
        lb.whenDrained(WEB.key(), ONE.key(), quiet, Duration.ofHours(1));
    for (int i = 0; i < 3; i++) {
      sendOnOpenFlows();
      pass(Duration.ofSeconds(5));
    }
    assertThat(timedOut).succeedsWithin(SOON).isEqualTo(DrainResult.DEADLINE);
    lb.put(draining.without(TWO.key()));
    control.tick();
    assertThat(removed).succeedsWithin(SOON).isEqualTo(DrainResult.REMOVED);
    lb.close();
    assertThatThrownBy(closed::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void whenDrained_invalidArgument_throws() {
    lb.put(WEB);
    Duration quiet = Duration.ofSeconds(10);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.whenDrained(DNS.key(), ONE.key(), quiet, quiet))
        .withMessage("udp 203.0.113.10:53 is not installed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.whenDrained(WEB.key(), THREE.key(), quiet, quiet))
        .withMessage("10.0.0.3 is not a backend of tcp 203.0.113.10:443");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.whenDrained(WEB.key(), ONE.key(), quiet, quiet))
        .withMessage(
            "backend 10.0.0.1 of tcp 203.0.113.10:443 is not draining: new flows go to it");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.whenDrained(WEB.key(), ONE.key(), Duration.ZERO, quiet))
        .withMessage("quiet time PT0S is not in PT1S..PT24H");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.whenDrained(WEB.key(), ONE.key(), quiet, quiet.negated()))
        .withMessage("timeout PT-10S is negative");
  }

  @Test
  void whenDrained_manyVipsWaitForTheirFlows_shareOneScan() {
    AtomicInteger scans = new AtomicInteger();
    Dataplane counted =
        InterceptedDataplane.of(
            new JavaDataplane(CONFIG, clock::nanos),
            (method, arguments, proceed) -> {
              if (method.equals("flows.forEach")) {
                scans.incrementAndGet();
              }
              return proceed.call();
            });
    try (Control own = Balancers.control(counted, CONFIG, clock, (name, task) -> () -> {})) {
      LoadBalancer balancer = Balancers.over(own);
      List<Vip> vips =
          IntStream.range(10, 13)
              .mapToObj(each ->
                  Vip.tcp("203.0.113." + each, 443).backends(ONE, TWO).build().draining(ONE.key()))
              .toList();
      Vip busy = Vip.tcp("203.0.113.13", 443).backends(ONE).build();
      balancer.apply(vips);
      balancer.put(busy);
      byte[] open = Packet.tcp("198.51.100.7", 1000, "203.0.113.13", 443).frame();
      balancer.simulate(open);
      balancer.put(busy.with(TWO).draining(ONE.key()));
      Duration quiet = Duration.ofSeconds(10);
      List<CompletableFuture<DrainResult>> drained =
          vips.stream()
              .map(vip -> balancer.whenDrained(vip.key(), ONE.key(), quiet, Duration.ofHours(1)))
              .toList();
      for (int i = 0; i < 3; i++) {
        balancer.simulate(open);
        clock.pass(quiet.dividedBy(2));
        own.tick();
      }
      assertThat(scans).hasValue(1);
      assertThat(drained)
          .allSatisfy(each -> assertThat(each).succeedsWithin(SOON).isEqualTo(DrainResult.QUIET));
    }
  }
}
