package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.control.MortalDataplane;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a later control plane finds after the process was killed at any write of a change: the state
 * before the change or the state after it, whole.
 */
abstract class AdoptionContract {

  private static final int MAX_WRITES = 500;

  /** Every how many writes the process is killed: 1, unless opening a dataplane takes long. */
  int step() {
    return 1;
  }

  private final FakeClock clock = new FakeClock();

  /** Opens an empty dataplane whose contents outlive a process. */
  abstract Dataplane open(DataplaneConfig config);

  /** Opens a dataplane with the contents of one whose process has ended. */
  abstract Dataplane reopen(Dataplane dead, DataplaneConfig config);

  static Stream<RollbackContract.Change> changes() {
    return RollbackContract.changes();
  }

  /** A balancer whose process can be killed. */
  private final class Mortal implements AutoCloseable {

    private final Dataplane real;
    private final MortalDataplane mortal;
    private final Control control;
    private final LoadBalancer lb;
    private final boolean adopted;

    Mortal(Dataplane real) {
      this(real, Integer.MAX_VALUE);
    }

    Mortal(Dataplane real, int writesOfAdoption) {
      this.real = real;
      this.mortal = new MortalDataplane(real);
      this.control =
          Balancers.control(
              mortal.dataplane(), RollbackContract.CONFIG, clock, (name, task) -> () -> {});
      this.lb = Balancers.over(control);
      mortal.killAfter(writesOfAdoption, /* afterwards= */ false);
      this.adopted = control.adopt(() -> {});
      mortal.killAfter(Integer.MAX_VALUE, /* afterwards= */ false);
    }

    List<Object> seen() {
      return RollbackContract.seen(lb);
    }

    /** Runs a change and returns whether the process was killed. */
    boolean dies(RollbackContract.Change change) {
      try {
        change.run().accept(lb);
        return false;
      } catch (MortalDataplane.Killed e) {
        return true;
      }
    }

    Mortal next() {
      return new Mortal(reopen(real, RollbackContract.CONFIG));
    }

    @Override
    public void close() {
      real.close();
    }
  }

  private Mortal installed() {
    Mortal balancer = new Mortal(open(RollbackContract.CONFIG));
    assertThat(balancer.adopted).isFalse();
    RollbackContract.install(balancer.lb);
    return balancer;
  }

  private List<Object> seenAfter(RollbackContract.Change change) {
    try (Mortal balancer = installed()) {
      balancer.seen();
      change.run().accept(balancer.lb);
      return balancer.seen();
    }
  }

  @ParameterizedTest
  @MethodSource("changes")
  void adopt_killedAtAnyWriteOfAChange_findsTheOldOrTheNewState(RollbackContract.Change change) {
    List<Object> after = seenAfter(change);
    int old = 0;
    int replaced = 0;
    boolean isVisible = false;
    for (boolean late : List.of(false, true)) {
      boolean isDead = true;
      for (int write = late ? step() / 2 : 0; isDead; write += step()) {
        assertThat(write).isLessThan(MAX_WRITES);
        try (Mortal balancer = installed()) {
          List<Object> before = balancer.seen();
          balancer.mortal.killAfter(write, late);
          isDead = balancer.dies(change) || balancer.mortal.isDead();
          try (Mortal next = balancer.next()) {
            assertThat(next.adopted).isTrue();
            List<Object> seen = next.seen();
            isVisible |= !before.equals(after);
            if (seen.equals(before)) {
              old++;
            } else {
              assertThat(seen).as("killed at write " + write).isEqualTo(after);
              replaced++;
            }
            assertThat(next.control.isDirty()).isFalse();
            change.run().accept(next.lb);
            assertThat(next.seen()).isEqualTo(after);
          }
        }
      }
    }
    assertThat(old).as("state before the change").isPositive();
    assertThat(replaced > 0).isEqualTo(isVisible);
  }

  @ParameterizedTest
  @MethodSource("changes")
  void adopt_killedAgainInTheAdoption_findsTheOldOrTheNewState(RollbackContract.Change change) {
    List<Object> after = seenAfter(change);
    for (int write = 0; write < MAX_WRITES; write += 3 * step()) {
      try (Mortal balancer = installed()) {
        List<Object> before = balancer.seen();
        balancer.mortal.killAfter(write, /* afterwards= */ true);
        if (!balancer.dies(change) && !balancer.mortal.isDead()) {
          return;
        }
        for (int second = 0; second < 12; second += 2 * step()) {
          int writes = second;
          Dataplane reopened = reopen(balancer.real, RollbackContract.CONFIG);
          assertThatThrownBy(() -> new Mortal(reopened, writes))
              .isInstanceOf(MortalDataplane.Killed.class);
          reopened.close();
        }
        try (Mortal next = balancer.next()) {
          assertThat(next.seen()).isIn(List.of(before, after));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("changes")
  void adopt_slotsStillChanging_endsTheWindowOfTheLastProcess(RollbackContract.Change change) {
    try (Mortal balancer = installed()) {
      change.run().accept(balancer.lb);
      List<VipStatus> statuses = statuses(balancer.lb);
      clock.pass(Duration.ofSeconds(20));
      try (Mortal next = balancer.next()) {
        assertThat(statuses(next.lb)).isEqualTo(statuses);
        clock.pass(Duration.ofMinutes(2));
        for (int i = 0; i < 200; i++) {
          clock.pass(Duration.ofMinutes(5));
          next.control.tick();
        }
        assertThat(statuses(next.lb))
            .allSatisfy(status -> assertThat(status.changing() + status.settled()).isZero());
      }
    }
  }

  private static List<VipStatus> statuses(LoadBalancer lb) {
    return lb.vips().stream()
        .sorted((a, b) -> a.key().toString().compareTo(b.key().toString()))
        .map(vip -> lb.status(vip.key()).orElseThrow())
        .toList();
  }
}
