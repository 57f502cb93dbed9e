package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.common.collect.Maps;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.nexthop.Resolution;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is slow in one change does not delay others: next hops, program loads, scans. */
class WithoutLockTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(127).flowTableSize(4096));
  private static final Duration SOON = Duration.ofSeconds(20);

  private static final Backend SLOW = Backend.of("10.0.0.1");
  private static final Backend ONE = Backend.of("10.0.0.2");
  private static final Backend TWO = Backend.of("10.0.0.3");
  private static final Vip FIRST = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip SECOND = Vip.tcp("203.0.113.11", 443).backends(ONE, TWO).build();

  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final FakeClock clock = new FakeClock();

  /** The method of the dataplane that waits for {@link #goOn}. */
  private volatile String slow = "";

  /** How much time passes while a ring is installed. */
  private volatile Duration ringTime = Duration.ZERO;

  private final Dataplane dataplane =
      InterceptedDataplane.of(new JavaDataplane(CONFIG, clock::nanos), this::call);
  private final Control control =
      new Control(
          dataplane,
          CONFIG,
          new SlowNextHops(),
          clock,
          (name, task) -> () -> {},
          LoadBalancerException::of);
  private final LoadBalancer lb = Balancers.over(control);

  @AfterEach
  void close() {
    goOn.countDown();
    lb.close();
  }

  private Object call(String method, Object[] arguments, Callable<Object> proceed)
      throws Exception {
    if (method.equals("rings.put")) {
      clock.pass(ringTime);
    }
    if (!method.equals(slow)) {
      return proceed.call();
    }
    if (method.equals("program.loading")) {
      return (Runnable) this::waitForTest;
    }
    waitForTest();
    return proceed.call();
  }

  private void waitForTest() {
    reached.countDown();
    try {
      goOn.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Finds the next hop of one backend only when the test goes on. */
  private final class SlowNextHops implements NextHops {

    @Override
    public Map<InetAddress, Resolution> resolve(Set<InetAddress> backends, Duration timeout) {
      if (backends.contains(SLOW.address()) && !timeout.isZero()) {
        waitForTest();
      }
      return Maps.toMap(
          backends,
          backend -> new Resolution.Resolved(new Hop(MacAddress.parse("02:00:00:00:00:01"), null)));
    }

    @Override
    public void retain(Set<InetAddress> backends) {
      // It follows none.
    }

    @Override
    public Map<InetAddress, Resolution> current() {
      return Map.of();
    }

    @Override
    public void onChange(Runnable listener) {
      // It never changes.
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  /** Starts a change and waits until it has reached its slow part. */
  private CompletableFuture<Void> start(Runnable change) throws InterruptedException {
    CompletableFuture<Void> running = CompletableFuture.runAsync(change);
    reached.await();
    return running;
  }

  private void finish(CompletableFuture<Void> running) {
    assertThat(running).isNotDone();
    goOn.countDown();
    assertThat(running).succeedsWithin(SOON);
  }

  @Test
  void put_anotherChangeWaitsForNextHops_isNotDelayed() throws InterruptedException {
    CompletableFuture<Void> running = start(() -> lb.put(FIRST.with(SLOW)));
    assertTimeoutPreemptively(SOON, () -> lb.put(SECOND));
    finish(running);
    assertThat(lb.vips()).containsExactlyInAnyOrder(FIRST.with(SLOW), SECOND);
  }

  @Test
  void put_anotherChangeLoadsItsProgram_isNotDelayed() throws InterruptedException {
    lb.put(FIRST);
    slow = "program.loading";
    CompletableFuture<Void> running =
        start(() -> lb.put(FIRST.toBuilder().sourceRouting(true).build()));
    assertTimeoutPreemptively(SOON, () -> lb.put(SECOND));
    finish(running);
    assertThat(lb.vips()).hasSize(2);
  }

  @Test
  void put_anotherChangePurgesFlows_isNotDelayedAndKeepsFlowsOfABackendThatIsBack()
      throws InterruptedException {
    Vip tracked = FIRST.toBuilder().tracking(Tracking.ALWAYS).build();
    lb.put(tracked);
    lb.put(SECOND);
    for (int port = 1000; port < 1100; port++) {
      lb.simulate(Packet.tcp("198.51.100.7", port, "203.0.113.10", 443).frame());
    }
    long entries = lb.flows().report(Duration.ZERO).entries();
    assertThat(entries).isPositive();
    slow = "flows.removeIf";
    CompletableFuture<Void> running = start(() -> lb.put(tracked.without(ONE.key())));
    assertTimeoutPreemptively(SOON, () -> lb.put(SECOND.draining(TWO.key())));
    slow = "";
    assertTimeoutPreemptively(SOON, () -> lb.put(tracked));
    finish(running);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isEqualTo(entries);
  }

  @Test
  void close_changeWaitsForNextHops_closesAtOnceAndTheChangeFails() throws InterruptedException {
    CompletableFuture<Void> running = start(() -> lb.put(FIRST.with(SLOW)));
    assertTimeoutPreemptively(SOON, lb::close);
    goOn.countDown();
    assertThatThrownBy(running::join)
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the load balancer is closed");
  }

  @Test
  void apply_ringsTakeLongToInstall_windowBeginsAfterTheLastOne() {
    lb.put(FIRST);
    ringTime = Duration.ofSeconds(3);
    lb.put(FIRST.draining(ONE.key()));
    Duration window = CONFIG.flowRules().changeWindow();
    assertThat(lb.status(FIRST.key()).orElseThrow().settlesAt())
        .contains(clock.instant().plus(window));
    clock.pass(window.minusMillis(1));
    control.tick();
    assertThat(lb.status(FIRST.key()).orElseThrow().changing()).isPositive();
    clock.pass(Duration.ofMillis(1));
    control.tick();
    assertThat(lb.status(FIRST.key()).orElseThrow().changing()).isZero();
  }
}
