package dev.katran.internal.nexthop;

import static dev.katran.internal.nexthop.FakeRouting.ETH0;
import static dev.katran.internal.nexthop.FakeRouting.hop;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.sun.management.ThreadMXBean;
import dev.katran.UnresolvedBackend.Reason;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NeighbourState;
import dev.katran.ffm.net.NetworkEvent;
import dev.katran.internal.nexthop.Resolution.Resolved;
import dev.katran.internal.nexthop.Resolution.Unresolved;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Drives the resolver with notifications and a clock of the test's own. */
class RoutedNextHopsTest {

  private static final InetAddress ROUTER = InetAddress.ofLiteral("192.0.2.1");
  private static final Gateway GATEWAY = new Gateway(ETH0, ROUTER);
  private static final Gateway OTHER = new Gateway(3, InetAddress.ofLiteral("192.0.2.2"));
  private static final InetAddress BACKEND = InetAddress.ofLiteral("10.0.0.11");
  private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:01");
  private static final MacAddress NEW_MAC = MacAddress.parse("02:00:00:00:00:02");

  /** A start that makes times wrap, as those of System.nanoTime may. */
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(2).toNanos());

  private final FakeRouting routing = new FakeRouting();
  private final RoutedNextHops hops = new RoutedNextHops(routing, now::get);
  private final AtomicInteger notified = new AtomicInteger();

  @AfterEach
  void close() {
    hops.close();
    assertThat(routing.closed).isTrue();
  }

  @Test
  void resolve_knownNeighbour_isResolvedAndProbedOnlyIfStale() {
    follow(NeighbourState.REACHABLE);
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    hops.step();
    assertThat(routing.probed).isEmpty();

    event(NeighbourState.STALE, MAC);
    hops.step();
    assertThat(routing.probed).containsExactly(GATEWAY);
  }

  @Test
  void resolve_noRoute_isUnresolvedAtOnce() {
    assertThat(hops.resolve(Set.of(BACKEND), Duration.ofHours(1)))
        .isEqualTo(Map.of(BACKEND, new Unresolved(Reason.NO_ROUTE, "no route")));
  }

  @Test
  void resolve_unknownNeighbour_isPendingUntilItAnswersOrFails() {
    follow(null);
    assertThat(reason()).isEqualTo(Reason.NEIGHBOUR_PENDING);
    hops.step();
    assertThat(routing.probed).containsExactly(GATEWAY);

    event(NeighbourState.INCOMPLETE, null);
    assertThat(reason()).isEqualTo(Reason.NEIGHBOUR_PENDING);
    event(NeighbourState.FAILED, null);
    assertThat(known())
        .isEqualTo(new Unresolved(Reason.NEIGHBOUR_FAILED, "192.0.2.1 on eth0 does not answer"));
    event(NeighbourState.INCOMPLETE, null);
    assertThat(reason()).as("while it is asked again").isEqualTo(Reason.NEIGHBOUR_FAILED);
    event(NeighbourState.REACHABLE, MAC);
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
  }

  @Test
  void resolve_interrupted_stillWaits() throws Exception {
    routing.route("10.0.0.11", GATEWAY);
    try (RoutedNextHops real = new RoutedNextHops(routing, System::nanoTime)) {
      Thread answer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  Thread.sleep(200);
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                real.accept(
                    new NetworkEvent.NeighbourChanged(ETH0, ROUTER, MAC, NeighbourState.REACHABLE));
              });
      Thread.currentThread().interrupt();
      Map<InetAddress, Resolution> found = real.resolve(Set.of(BACKEND), Duration.ofSeconds(30));

      assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
      assertThat(found).isEqualTo(Map.of(BACKEND, new Resolved(hop(MAC))));
      answer.join();
    }
  }

  /** The kernel reports each of its probes; most change nothing. */
  @Test
  void neighbourIsConfirmed_manyBackendsBehindIt_noneIsVisited() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Set<InetAddress> many =
        IntStream.range(0, 5000)
            .mapToObj(each -> "10.1.%d.%d".formatted(each >> 8, each & 255))
            .peek(each -> routing.route(each, GATEWAY))
            .map(InetAddress::ofLiteral)
            .collect(Collectors.toSet());
    routing.neighbours.put(GATEWAY, neighbour(GATEWAY, NeighbourState.REACHABLE, MAC));
    assertThat(hops.resolve(many, Duration.ZERO)).hasSize(5000);
    hops.step();

    long before = threads.getCurrentThreadAllocatedBytes();
    event(NeighbourState.STALE, MAC);
    event(NeighbourState.REACHABLE, MAC);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
    assertThat(hops.current()).hasSize(5000).containsValue(new Resolved(hop(MAC)));
  }

  @Test
  void neighbourFails_keepsTheHopForThreeSeconds() {
    follow(NeighbourState.REACHABLE);
    event(NeighbourState.FAILED, null);
    pass(Duration.ofMillis(2999));
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    assertThat(notified).hasValue(0);

    pass(Duration.ofMillis(1));
    assertThat(reason()).isEqualTo(Reason.NEIGHBOUR_FAILED);
    assertThat(notified).hasValue(1);
    event(NeighbourState.REACHABLE, NEW_MAC);
    hops.step();
    assertThat(known()).isEqualTo(new Resolved(hop(NEW_MAC)));
    assertThat(notified).hasValue(2);
  }

  @Test
  void neighbourFails_answersInTime_isNeverGone() {
    follow(NeighbourState.REACHABLE);
    for (int i = 0; i < 3; i++) {
      event(NeighbourState.FAILED, null);
      pass(Duration.ofSeconds(2));
      event(NeighbourState.REACHABLE, MAC);
      pass(Duration.ofSeconds(2));
    }
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    assertThat(notified).hasValue(0);
  }

  @Test
  void neighbourIsRemovedOrFailed_isProbedOncePerSecondAtMost() {
    follow(NeighbourState.REACHABLE);
    hops.accept(new NetworkEvent.NeighbourDeleted(ETH0, ROUTER));
    hops.step();
    assertThat(routing.probed).hasSize(1);
    for (int i = 0; i < 10; i++) {
      event(NeighbourState.FAILED, null);
      pass(Duration.ofMillis(99));
    }
    assertThat(routing.probed).hasSize(1);
    pass(Duration.ofMillis(10));
    assertThat(routing.probed).hasSize(2);
  }

  @Test
  void neighbourTableFull_isNamedAndTriedAgain() {
    routing.tableFull = true;
    follow(null);
    hops.step();
    assertThat(known())
        .isEqualTo(
            new Unresolved(
                Reason.NEIGHBOUR_TABLE_FULL,
                "192.0.2.1 on eth0 cannot be resolved: raise gc_thresh3"));

    pass(Duration.ofSeconds(1));
    assertThat(routing.probed).hasSize(2);
    event(NeighbourState.REACHABLE, MAC);
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
  }

  /** No packet comes in meanwhile. When some do again, they need their next hops at once. */
  @Test
  void ingressIsAway_keepsTheHopAndLooksItUpWhenItIsBack() {
    follow(NeighbourState.REACHABLE);
    routing.hasIngress = false;
    routing.routes.clear();
    routing.neighbours.clear();
    hops.accept(new NetworkEvent.NeighbourDeleted(ETH0, ROUTER));
    hops.accept(new NetworkEvent.RoutesChanged());
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofSeconds(1));
      assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    }
    assertThat(notified).hasValue(0);

    routing.hasIngress = true;
    routing.route("10.0.0.11", OTHER);
    pass(Duration.ofSeconds(1));
    assertThat(known()).as("while the neighbour is asked").isEqualTo(new Resolved(hop(MAC)));
    hops.accept(
        new NetworkEvent.NeighbourChanged(
            OTHER.ifindex(), OTHER.address(), NEW_MAC, NeighbourState.REACHABLE));
    hops.step();
    assertThat(known()).isEqualTo(new Resolved(hop(NEW_MAC)));
  }

  @Test
  void routeWithdrawn_keepsTheHopForThreeSecondsAndTakesTheNewRoute() {
    follow(NeighbourState.REACHABLE);
    routing.routes.clear();
    hops.accept(new NetworkEvent.RoutesChanged());
    pass(Duration.ofSeconds(1));
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    pass(Duration.ofSeconds(3));
    assertThat(reason()).isEqualTo(Reason.NO_ROUTE);

    routing.neighbours.put(OTHER, neighbour(OTHER, NeighbourState.REACHABLE, NEW_MAC));
    routing.route("10.0.0.11", OTHER);
    hops.accept(new NetworkEvent.RoutesChanged());
    pass(Duration.ofSeconds(1));
    assertThat(known()).isEqualTo(new Resolved(hop(NEW_MAC)));
  }

  @Test
  void routeChanges_newGatewayUnknown_keepsTheOldHopMeanwhile() {
    follow(NeighbourState.REACHABLE);
    routing.route("10.0.0.11", OTHER);
    hops.accept(new NetworkEvent.RoutesChanged());
    pass(Duration.ofSeconds(1));
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    assertThat(routing.probed).containsExactly(OTHER);

    hops.accept(
        new NetworkEvent.NeighbourChanged(
            OTHER.ifindex(), OTHER.address(), NEW_MAC, NeighbourState.REACHABLE));
    assertThat(known()).isEqualTo(new Resolved(hop(NEW_MAC)));
  }

  @Test
  void routeChanges_duringTheLookUp_areSeen() {
    routing.neighbours.put(GATEWAY, neighbour(GATEWAY, NeighbourState.REACHABLE, MAC));
    routing.meanwhile =
        () -> {
          routing.route("10.0.0.11", GATEWAY);
          hops.accept(new NetworkEvent.RoutesChanged());
        };
    hops.resolve(Set.of(BACKEND), Duration.ZERO);
    assertThat(reason()).isEqualTo(Reason.NO_ROUTE);
    pass(Duration.ofMillis(20));
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
  }

  @Test
  void manyBackendsBehindOneRouter_askOnceAndNothingWhileIdle() {
    Set<InetAddress> backends = manyBackends();
    routing.neighbours.put(GATEWAY, neighbour(GATEWAY, NeighbourState.REACHABLE, MAC));
    hops.resolve(backends, Duration.ofSeconds(1));
    hops.step();
    assertThat(routing.lookUps).isEqualTo(backends.size());
    assertThat(routing.reads).isOne();

    for (int i = 0; i < 60; i++) {
      pass(Duration.ofSeconds(1));
    }
    assertThat(routing.lookUps).isEqualTo(backends.size());
    assertThat(routing.reads).isOne();
    assertThat(routing.probed).isEmpty();
    event(NeighbourState.REACHABLE, NEW_MAC);
    assertThat(hops.current()).hasSize(backends.size());
    assertThat(hops.current().values()).containsOnly(new Resolved(hop(NEW_MAC)));
  }

  @Test
  void routesFlap_areLookedUpOncePerSecondAtMost() {
    follow(NeighbourState.REACHABLE);
    for (int i = 0; i < 1000; i++) {
      hops.accept(new NetworkEvent.RoutesChanged());
      pass(Duration.ofMillis(10));
    }
    assertThat(routing.lookUps).isBetween(9, 11);
  }

  @Test
  void links_unchanged_causeNoLookUp() {
    follow(NeighbourState.REACHABLE);
    Link link = link(1500);
    hops.accept(new NetworkEvent.LinkChanged(link));
    pass(Duration.ofSeconds(2));
    assertThat(routing.lookUps).isEqualTo(2);
    pass(Duration.ofSeconds(5));
    assertThat(routing.lookUps).as("when it may have its program").isEqualTo(3);
    hops.accept(new NetworkEvent.LinkChanged(link));
    pass(Duration.ofSeconds(2));
    pass(Duration.ofSeconds(5));
    assertThat(routing.lookUps).isEqualTo(3);
    hops.accept(new NetworkEvent.LinkChanged(link(1400)));
    pass(Duration.ofSeconds(2));
    assertThat(routing.lookUps).isEqualTo(4);
    hops.accept(new NetworkEvent.LinkDeleted(link(1400)));
    pass(Duration.ofSeconds(2));
    pass(Duration.ofSeconds(5));
    pass(Duration.ofMinutes(1));
    assertThat(routing.lookUps).isEqualTo(6);
  }

  @Test
  void eventsLost_readEverythingAgain() {
    follow(NeighbourState.REACHABLE);
    routing.neighbours.put(GATEWAY, neighbour(GATEWAY, NeighbourState.REACHABLE, NEW_MAC));
    hops.accept(new NetworkEvent.EventsLost());
    pass(Duration.ofSeconds(1));
    assertThat(known()).isEqualTo(new Resolved(hop(NEW_MAC)));
    assertThat(routing.lookUps).isEqualTo(2);
  }

  @Test
  void unsupportedEgress_isTriedAgainWithoutANotification() {
    Unresolved why = new Unresolved(Reason.EGRESS_UNSUPPORTED, "veth1 sends no frames");
    routing.routes.put(BACKEND, new Route.None(why));
    hops.resolve(Set.of(BACKEND), Duration.ZERO);
    assertThat(known()).isEqualTo(why);

    routing.neighbours.put(GATEWAY, neighbour(GATEWAY, NeighbourState.REACHABLE, MAC));
    routing.route("10.0.0.11", GATEWAY);
    pass(Duration.ofSeconds(5));
    assertThat(known()).isEqualTo(new Resolved(hop(MAC)));
    pass(Duration.ofMinutes(1));
    assertThat(routing.lookUps).isEqualTo(2);
  }

  @Test
  void retain_others_stopsFollowing() {
    follow(NeighbourState.REACHABLE);
    hops.retain(Set.of());
    assertThat(hops.current()).isEmpty();
    event(NeighbourState.STALE, MAC);
    hops.accept(new NetworkEvent.RoutesChanged());
    pass(Duration.ofSeconds(2));
    assertThat(routing.probed).isEmpty();
    assertThat(routing.lookUps).isOne();
    assertThat(notified).hasValue(0);
  }

  /** Follows the backend behind the gateway, whose entry has a state. */
  private void follow(NeighbourState state) {
    routing.route("10.0.0.11", GATEWAY);
    if (state != null) {
      routing.neighbours.put(GATEWAY, neighbour(GATEWAY, state, MAC));
    }
    hops.resolve(Set.of(BACKEND), Duration.ZERO);
    if (state != null) {
      hops.step();
      hops.onChange(notified::incrementAndGet);
    }
  }

  private static Neighbour neighbour(Gateway gateway, NeighbourState state, MacAddress mac) {
    return new Neighbour(gateway.ifindex(), gateway.address(), mac, state);
  }

  private void event(NeighbourState state, MacAddress mac) {
    hops.accept(new NetworkEvent.NeighbourChanged(ETH0, ROUTER, mac, state));
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
    hops.step();
  }

  private Resolution known() {
    return hops.current().get(BACKEND);
  }

  private Reason reason() {
    return ((Unresolved) known()).reason();
  }

  private Set<InetAddress> manyBackends() {
    ImmutableSet<String> addresses =
        IntStream.range(0, 1000)
            .mapToObj(i -> "10.1." + i / 250 + "." + i % 250)
            .collect(ImmutableSet.toImmutableSet());
    addresses.forEach(address -> routing.route(address, GATEWAY));
    return addresses.stream().map(InetAddress::ofLiteral).collect(Collectors.toSet());
  }

  private static Link link(int mtu) {
    return new Link(ETH0, "eth0", MAC, mtu, true, true, "veth", Link.ETHERNET, 0, 0, -1, 0, false);
  }
}
