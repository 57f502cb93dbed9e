package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.katran.Health.Kind;
import dev.katran.Health.Status;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.nexthop.FakeNextHops;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HealthTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(16).backends(16).ringSize(127).flowTableSize(4096));

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();

  private final FakeClock clock = new FakeClock();
  private final FakeNextHops hops = new FakeNextHops();
  private final FailingDataplane failing =
      new FailingDataplane(new JavaDataplane(CONFIG, clock::nanos));
  private final Control control =
      Balancers.control(
          InterceptedDataplane.of(failing.dataplane(), this::slow),
          CONFIG,
          hops,
          clock,
          (name, task) -> () -> {});
  private final LoadBalancer lb = Balancers.over(control);

  /** Makes writes of VIPs wait. */
  private CountDownLatch goOn = new CountDownLatch(0);

  private Object slow(String method, Object[] arguments, Callable<Object> proceed)
      throws Exception {
    if (method.equals("vips.put")) {
      goOn.await();
    }
    return proceed.call();
  }

  @AfterEach
  void close() {
    lb.close();
  }

  @Test
  void health_everythingResolved_isUp() {
    lb.put(WEB);
    assertThat(lb.health()).isEqualTo(new Health(List.of())).hasToString("UP");
    assertThat(lb.health().status()).isEqualTo(Status.UP);
  }

  @Test
  void health_oneBackendWithoutNextHop_isDegraded() {
    hops.lose(ONE.address());
    lb.put(WEB);

    assertThat(lb.health().status()).isEqualTo(Status.DEGRADED);
    assertThat(lb.health().problems())
        .singleElement()
        .satisfies(problem -> {
          assertThat(problem.kind()).isEqualTo(Kind.BACKENDS_UNRESOLVED);
          assertThat(problem.reason()).contains("10.0.0.1");
        });
  }

  @Test
  void health_noBackendWithNextHop_isDown() {
    hops.lose(ONE.address());
    hops.lose(TWO.address());
    lb.put(WEB);

    assertThat(lb.health().status()).isEqualTo(Status.DOWN);
    assertThat(lb.health().problems())
        .extracting(Health.Problem::kind)
        .containsExactly(Kind.VIP_UNREACHABLE, Kind.BACKENDS_UNRESOLVED);
    assertThat(lb.health().problems().getFirst().reason()).isEqualTo(WEB.key().toString());
  }

  @Test
  void health_drainingBackendsWithoutNextHop_areNotMissedByTheVip() {
    hops.lose(ONE.address());
    lb.put(WEB.draining(ONE.key()));
    assertThat(lb.health().status()).isEqualTo(Status.DEGRADED);
  }

  @Test
  void health_manyUnresolved_namesTen() {
    IntStream.rangeClosed(1, 12)
        .mapToObj(i -> Backend.of("10.0.1." + i))
        .forEach(each -> {
          hops.lose(each.address());
          lb.put(Vip.tcp("203.0.113.11", each.address().getAddress()[3]).backends(each).build());
        });
    assertThat(lb.health().problems().getFirst().reason()).endsWith(" and 2 more");
  }

  @Test
  void health_changeNotUndone_isDegradedUntilItIs() {
    lb.put(WEB);
    failing.fail(write -> write > 2, false);
    assertThatExceptionOfType(FailingDataplane.WriteFailure.class)
        .isThrownBy(() -> lb.put(Vip.tcp("203.0.113.11", 80).backends(THREE).build()));
    assertThat(control.isDirty()).isTrue();

    assertThat(lb.health().status()).isEqualTo(Status.DEGRADED);
    assertThat(lb.health().problems()).extracting(Health.Problem::kind).containsExactly(Kind.DIRTY);

    failing.heal();
    control.tick();
    assertThat(lb.health().status()).isEqualTo(Status.UP);
  }

  @Test
  void health_changeThatDoesNotEnd_isDown() throws Exception {
    goOn = new CountDownLatch(1);
    Thread change = Thread.ofVirtual().start(() -> lb.put(WEB));
    await().until(() -> control.health().equals(new Health(List.of())) && isWaiting(change));
    clock.pass(Duration.ofSeconds(31));

    assertThat(lb.health().status()).isEqualTo(Status.DOWN);
    assertThat(lb.health().problems())
        .containsExactly(new Health.Problem(Kind.STUCK, "a change has not ended for 31 seconds"));

    goOn.countDown();
    change.join();
    assertThat(lb.health().status()).isEqualTo(Status.UP);
  }

  private static boolean isWaiting(Thread thread) {
    return thread.getState() == Thread.State.WAITING;
  }

  @Test
  void health_closed_isDown() {
    lb.close();
    assertThat(lb.health().status()).isEqualTo(Status.DOWN);
    assertThat(lb.health().problems())
        .extracting(Health.Problem::kind)
        .containsExactly(Kind.CLOSED);
  }
}
