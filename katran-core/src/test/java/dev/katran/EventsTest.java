package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.katran.BalancerEvent.Kind;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.nexthop.FakeNextHops;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link LoadBalancer#subscribe} on a fake clock. */
class EventsTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(16).backends(16).ringSize(127).flowTableSize(4096));

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(TWO).build();

  private final FakeClock clock = new FakeClock();
  private final FakeNextHops hops = new FakeNextHops();
  private final Control control =
      Balancers.control(
          new JavaDataplane(CONFIG, clock::nanos), CONFIG, hops, clock, (name, task) -> () -> {});
  private final LoadBalancer lb = Balancers.over(control);
  private final List<BalancerEvent> events = new CopyOnWriteArrayList<>();
  private final Subscription subscription = lb.subscribe(events::add);

  @AfterEach
  void close() {
    lb.close();
  }

  private void pass(Duration time) {
    clock.pass(time);
    control.tick();
  }

  /** Waits until these events, and no others, were delivered since the last call. */
  private void expect(String... expected) {
    await()
        .untilAsserted(
            () -> assertThat(events).extracting(Object::toString).containsExactly(expected));
    events.clear();
  }

  @Test
  void changes_areDeliveredInOrder() {
    lb.put(WEB);
    lb.apply(List.of(WEB.with(TWO), DNS));
    lb.remove(DNS);

    expect(
        "VIP_ADDED " + WEB.key(),
        "VIP_CHANGED " + WEB.key(),
        "VIP_ADDED " + DNS.key(),
        "VIP_REMOVED " + DNS.key());
  }

  @Test
  void changes_withoutEffect_areNoEvents() {
    lb.put(WEB);
    expect("VIP_ADDED " + WEB.key());

    lb.put(WEB);
    lb.apply(List.of(WEB));
    lb.put(DNS);
    expect("VIP_ADDED " + DNS.key());
  }

  @Test
  void window_ends_thenRingIsStable() {
    lb.put(WEB);
    lb.put(WEB.with(TWO));
    events.clear();
    pass(Duration.ofMinutes(4));
    pass(Duration.ofSeconds(1));
    pass(Duration.ofSeconds(1));

    await()
        .untilAsserted(() ->
            assertThat(events)
                .extracting(BalancerEvent::kind)
                .containsSubsequence(Kind.WINDOW_ENDED, Kind.RING_STABLE));
    assertThat(lb.status(WEB.key()).orElseThrow().isStable()).isTrue();
  }

  @Test
  void drain_ends_isDelivered() {
    lb.put(WEB.with(TWO));
    lb.put(WEB.with(TWO).draining(ONE.key()));
    CompletableFuture<DrainResult> drained =
        lb.whenDrained(WEB.key(), ONE.key(), Duration.ofSeconds(5), Duration.ofHours(1));
    pass(Duration.ofSeconds(1));
    events.clear();
    pass(Duration.ofSeconds(6));

    expect("BACKEND_DRAINED %s backend 10.0.0.1: QUIET".formatted(WEB.key()));
    assertThat(drained).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(DrainResult.QUIET);
  }

  @Test
  void nextHop_foundAndLost_isDelivered() {
    hops.lose(ONE.address());
    lb.put(WEB);
    await().until(() -> events.size() == 2);
    assertThat(events)
        .filteredOn(event -> event.kind() == Kind.NEXT_HOP_MISSING)
        .singleElement()
        .satisfies(event -> {
          assertThat(event.backend()).contains(ONE.key());
          assertThat(event.detail()).contains("10.0.0.254 on eth0 does not answer");
        });
    events.clear();

    hops.find(ONE.address());
    hops.announce();
    await().until(() -> !events.isEmpty());
    assertThat(events.getFirst().toString()).isEqualTo("NEXT_HOP_FOUND backend 10.0.0.1");
  }

  @Test
  void listener_changesTheBalancer_isNotBlocked() throws Exception {
    CountDownLatch changed = new CountDownLatch(1);
    lb.subscribe(event -> {
      if (event.kind() == Kind.VIP_ADDED && event.vip().equals(Optional.of(WEB.key()))) {
        lb.put(DNS);
        changed.countDown();
      }
    });
    lb.put(WEB);

    assertThat(changed.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(lb.vip(DNS.key())).isPresent();
  }

  @Test
  void listener_throws_getsTheNextEvent() {
    lb.subscribe(event -> {
      throw new IllegalStateException("thrown by a test");
    });
    lb.put(WEB);
    lb.put(DNS);
    expect("VIP_ADDED " + WEB.key(), "VIP_ADDED " + DNS.key());
  }

  @Test
  void listener_tooSlow_learnsHowManyItMissed() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    List<BalancerEvent> late = new CopyOnWriteArrayList<>();
    lb.subscribe(event -> {
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      late.add(event);
    });
    int changes = 10_100;
    for (int i = 0; i < changes; i++) {
      lb.put(i % 2 == 0 ? WEB : WEB.with(TWO));
    }
    goOn.countDown();
    lb.close();

    await().until(() -> late.size() > 10_000);
    await().untilAsserted(() -> assertThat(late.getLast().kind()).isEqualTo(Kind.EVENTS_LOST));
    assertThat(Long.parseLong(late.getLast().detail())).isEqualTo(changes - late.size() + 1);
  }

  @Test
  void subscription_closed_getsNothingMore() {
    lb.put(WEB);
    expect("VIP_ADDED " + WEB.key());
    subscription.close();
    subscription.close();
    List<BalancerEvent> others = new CopyOnWriteArrayList<>();
    lb.subscribe(others::add);
    lb.put(DNS);

    await().until(() -> !others.isEmpty());
    assertThat(events).isEmpty();
  }

  @Test
  void subscribe_closedBalancer_throws() {
    lb.close();
    assertThatIllegalStateException().isThrownBy(() -> lb.subscribe(event -> {}));
  }

  @Test
  void event_text_namesWhatIsKnown() {
    BalancerEvent event =
        new BalancerEvent(
            Kind.NEXT_HOP_MISSING,
            Instant.EPOCH,
            Optional.of(WEB.key()),
            Optional.of(ONE.key()),
            "no route");
    assertThat(event)
        .hasToString("NEXT_HOP_MISSING %s backend 10.0.0.1: no route".formatted(WEB.key()))
        .isEqualTo(
            new BalancerEvent(
                Kind.NEXT_HOP_MISSING,
                Instant.EPOCH,
                Optional.of(WEB.key()),
                Optional.of(ONE.key()),
                "no route"));
  }
}
