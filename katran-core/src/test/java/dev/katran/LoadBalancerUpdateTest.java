package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@link LoadBalancer#update}: an atomic read-modify-write of one VIP. */
class LoadBalancerUpdateTest {

  private static final int UPDATES = 200;
  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(
          Limits.defaults().vips(2).backends(UPDATES + 2).ringSize(1031).flowTableSize(1024));

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(TWO).build();

  private final FailingDataplane dataplane = new FailingDataplane(new JavaDataplane(CONFIG));
  private final LoadBalancer lb = Balancers.over(dataplane.dataplane(), CONFIG);

  @AfterEach
  void close() {
    lb.close();
  }

  @Test
  void update_installedVip_installsAndReturnsTheResult() {
    lb.apply(List.of(WEB, DNS));

    assertThat(lb.update(WEB.key(), vip -> vip.draining(ONE.key())))
        .contains(WEB.draining(ONE.key()));
    assertThat(lb.vips()).containsExactly(WEB.draining(ONE.key()), DNS);
    assertThat(lb.ring(WEB.key()))
        .contains(Ring.of(CONFIG.limits(), WEB.algorithm(), List.of(TWO)));
  }

  @Test
  void update_change_isCalledOnceWithTheInstalledVip() {
    lb.put(WEB);
    List<Vip> calls = new ArrayList<>();

    lb.update(
        WEB.key(),
        vip -> {
          calls.add(vip);
          return vip;
        });

    assertThat(calls).containsExactly(WEB);
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void update_absentVip_returnsEmptyWithoutCallingTheChange() {
    lb.put(WEB);
    AtomicInteger calls = new AtomicInteger();

    assertThat(
            lb.update(
                DNS.key(),
                vip -> {
                  calls.incrementAndGet();
                  return vip;
                }))
        .isEmpty();
    assertThat(calls).hasValue(0);
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void update_resultHasOtherKey_throwsAndChangesNothing() {
    lb.put(WEB);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.update(WEB.key(), vip -> DNS))
        .withMessage(
            "the update of tcp 203.0.113.10:443 returned a VIP with another key, udp"
                + " 203.0.113.10:53");
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void update_changeThrows_changesNothing() {
    lb.put(WEB);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.update(WEB.key(), vip -> vip.draining("10.0.0.9")))
        .withMessage("10.0.0.9 is not a backend of tcp 203.0.113.10:443");
    assertThat(lb.vips()).containsExactly(WEB);
    assertThat(lb.update(WEB.key(), vip -> vip.without(ONE.key())))
        .contains(WEB.without(ONE.key()));
  }

  @Test
  @SuppressWarnings("NullAway") // the point of the test
  void update_changeReturnsNull_throwsAndChangesNothing() {
    lb.put(WEB);

    assertThatExceptionOfType(NullPointerException.class)
        .isThrownBy(() -> lb.update(WEB.key(), vip -> null))
        .withMessage("the changed VIP");
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void update_tooManyBackends_throwsAndChangesNothing() {
    lb.put(WEB);
    List<Backend> tooMany = new ArrayList<>();
    for (int i = 0; i <= UPDATES + 2; i++) {
      tooMany.add(added(i));
    }

    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> lb.update(WEB.key(), vip -> vip.toBuilder().backends(tooMany).build()))
        .withMessage("203 backends exceed the limit of 202");
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void update_writeFails_isRolledBack() {
    lb.put(WEB);
    dataplane.failAfter(0);

    assertThatExceptionOfType(FailingDataplane.WriteFailure.class)
        .isThrownBy(() -> lb.update(WEB.key(), vip -> vip.with(Backend.of("10.0.0.3"))));
    assertThat(lb.vips()).containsExactly(WEB);
  }

  @Test
  void update_balancerClosed_throws() {
    lb.put(WEB);
    lb.close();

    assertThatIllegalStateException().isThrownBy(() -> lb.update(WEB.key(), vip -> vip));
  }

  @Test
  void update_twoThreads_loseNoUpdate() throws Exception {
    lb.put(WEB);
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> drainer =
          threads.submit(() -> {
            start.await();
            for (int i = 0; i < UPDATES; i++) {
              toggleDraining(i % 2 == 0);
            }
            return null;
          });
      Future<?> adder =
          threads.submit(() -> {
            start.await();
            for (int i = 0; i < UPDATES; i++) {
              add(i);
            }
            return null;
          });
      start.countDown();
      drainer.get();
      adder.get();
    }

    Vip expected = WEB;
    for (int i = 0; i < UPDATES; i++) {
      expected = expected.with(added(i));
    }
    assertThat(lb.vip(WEB.key())).contains(expected);
    assertThat(lb.ring(WEB.key()))
        .contains(Ring.of(CONFIG.limits(), WEB.algorithm(), expected.backends()));
  }

  /** Only this thread changes {@link #ONE}, so each update must find its own previous one. */
  private void toggleDraining(boolean drain) {
    Vip after =
        lb.update(
                WEB.key(),
                vip -> {
                  assertThat(vip.backend(ONE.key())).contains(ONE.draining(!drain));
                  return drain ? vip.draining(ONE.key()) : vip.with(ONE);
                })
            .orElseThrow();
    assertThat(after.backend(ONE.key())).contains(ONE.draining(drain));
  }

  private void add(int index) {
    Vip after =
        lb.update(
                WEB.key(),
                vip -> {
                  assertThat(vip.backends()).hasSize(2 + index);
                  return vip.with(added(index));
                })
            .orElseThrow();
    assertThat(after.backends()).hasSize(3 + index).endsWith(added(index));
  }

  private static Backend added(int index) {
    return Backend.of("10.1.%d.%d".formatted(index / 100, 1 + index % 100));
  }
}
