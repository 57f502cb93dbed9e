package dev.katran.internal.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import java.time.Duration;
import java.util.BitSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RingStateTest {

  private static final Duration START = Duration.ofHours(1);
  private static final Duration END = START.plus(Duration.ofMinutes(1));
  private static final Duration LATER = END.plus(Duration.ofMinutes(1));
  private static final Set<Integer> NONE = Set.of();

  private static ChangeWindow until(Duration end) {
    return window(START, end);
  }

  private static ChangeWindow window(Duration start, Duration end) {
    return ChangeWindow.starting(new ChangeWindow.Start(start), end.minus(start), 0);
  }

  private static RingState ring(int... backends) {
    return RingState.stable(backends);
  }

  private static RingSlots to(int... backends) {
    return RingSlots.stable(backends);
  }

  @Test
  void changeTo_otherBackend_isChangingUntilWindowEnds() {
    RingState state = ring(1, 2, 3).changeTo(to(1, 1, 3), NONE, until(END));
    RingSlots slots = state.slots();
    assertThat(slots.isStable(0)).isTrue();
    assertThat(slots.isChanging(1)).isTrue();
    assertThat(slots.backend(1)).isEqualTo(1);
    assertThat(slots.previous(1)).isEqualTo(2);
    assertThat(slots.isStable(2)).isTrue();
    assertThat(state.changing()).isEqualTo(1);
    assertThat(state.until()).contains(END);

    assertThat(state.settle(END.minusMillis(1))).isSameAs(state);
    RingState settled = state.settle(END);
    assertThat(settled.slots().isSettled(1)).isTrue();
    assertThat(settled.slots().backend(1)).isEqualTo(1);
    assertThat(settled.settled()).isEqualTo(1);
    assertThat(settled.until()).isEmpty();
    assertThat(settled.settle(LATER)).isSameAs(settled);
  }

  @Test
  void changeTo_secondChangeWithinWindow_keepsOldestPrevious() {
    RingState state = ring(1).changeTo(to(2), NONE, until(END)).changeTo(to(3), NONE, until(LATER));
    assertThat(state.slots().backend(0)).isEqualTo(3);
    assertThat(state.slots().previous(0)).isEqualTo(1);
    assertThat(state.until()).contains(LATER);
  }

  @Test
  void span_secondChangeWithinWindow_countsFromTheFirst() {
    Duration middle = START.plusSeconds(30);
    RingState state =
        ring(1, 1)
            .changeTo(to(2, 1), NONE, until(END))
            .changeTo(to(3, 2), NONE, window(middle, middle.plusSeconds(60)));
    assertThat(state.span()).isEqualTo(Duration.ofSeconds(90));
    RingState other =
        ring(1, 1)
            .changeTo(to(2, 1), NONE, until(END))
            .changeTo(to(2, 2), NONE, window(middle, middle.plusSeconds(60)));
    assertThat(other.span()).isEqualTo(Duration.ofSeconds(60));
    assertThat(other.settle(LATER).span()).isZero();
  }

  @Test
  void extend_flowsExceededABudget_isChangingForAnotherWindow() {
    Duration window = END.minus(START);
    RingState state = ring(1, 1).changeTo(to(2, 1), NONE, until(END));
    assertThat(state.extend(END, 0, window)).isSameAs(state);
    assertThat(state.extend(END.minusMillis(1), 5, window)).isSameAs(state);
    RingState extended = state.extend(END, 5, window);
    assertThat(extended.until()).contains(END.plus(window));
    assertThat(extended.extensions()).isEqualTo(1);
    assertThat(extended.span()).isEqualTo(window.multipliedBy(2));
    assertThat(extended.settle(END)).isSameAs(extended);
    assertThat(extended.extend(END.plus(window), 5, window)).isSameAs(extended);
    assertThat(state.extend(END, 5, window.multipliedBy(3)).until())
        .contains(END.plus(window.multipliedBy(3)));
  }

  @Test
  void extend_budgetsExceededAgainAndAgain_endsAfterThreeTimes() {
    Duration window = END.minus(START);
    RingState state = ring(1).changeTo(to(2), NONE, until(END));
    for (int i = 1; i <= 10; i++) {
      state = state.extend(state.until().orElseThrow(), i, window);
    }
    assertThat(state.extensions()).isEqualTo(3);
    assertThat(state.until()).contains(START.plus(window.multipliedBy(4)));
  }

  @Test
  void extend_stepTooLate_isNotExtended() {
    Duration window = END.minus(START);
    RingState state = ring(1).changeTo(to(2), NONE, until(END));
    Duration late = END.plus(ChangeWindow.LATENESS);
    assertThat(state.extend(late.minusNanos(1), 5, window).extensions()).isEqualTo(1);
    assertThat(state.extend(late, 5, window)).isSameAs(state);
  }

  @Test
  void moveTo_installed_windowBeginsThen() {
    ChangeWindow.Start start = new ChangeWindow.Start(START);
    ChangeWindow window = ChangeWindow.starting(start, Duration.ofMinutes(1), 0);
    start.moveTo(START.plus(ChangeWindow.INSTALLATION));
    assertThat(window.deadline()).isEqualTo(START.plus(ChangeWindow.INSTALLATION).plusSeconds(60));
  }

  @Test
  void moveTo_tooLongAfterThePlan_windowBeginsWithThePlan() {
    ChangeWindow.Start start = new ChangeWindow.Start(START);
    ChangeWindow window = ChangeWindow.starting(start, Duration.ofMinutes(1), 0);
    start.moveTo(START.plus(ChangeWindow.INSTALLATION).plusNanos(1));
    assertThat(window.deadline()).isEqualTo(START.plusSeconds(60));
  }

  @Test
  void extend_windowOfADay_isNotExtended() {
    Duration end = START.plus(Duration.ofDays(1));
    RingState state = ring(1).changeTo(to(2), NONE, until(end));
    assertThat(state.extend(end, 5, Duration.ofMinutes(3))).isSameAs(state);
  }

  @Test
  void changeTo_changeReverted_isStillChanging() {
    // Flows that began in between are at the other backend, and have entries.
    RingState state = ring(1).changeTo(to(2), NONE, until(END)).changeTo(to(1), NONE, until(LATER));
    assertThat(state.slots().isChanging(0)).isTrue();
    assertThat(state.slots().backend(0)).isEqualTo(1);
    assertThat(state.slots().previous(0)).isEqualTo(1);
  }

  @Test
  void changeTo_otherSlot_keepsWindowOfChangingSlot() {
    RingState state =
        ring(1, 1).changeTo(to(2, 1), NONE, until(END)).changeTo(to(2, 2), NONE, until(LATER));
    RingState settled = state.settle(END);
    assertThat(settled.slots().isSettled(0)).isTrue();
    assertThat(settled.slots().isChanging(1)).isTrue();
    assertThat(settled.until()).contains(LATER);
  }

  @Test
  void changeTo_afterWindow_previousIsTheSettledBackend() {
    RingState state =
        ring(1).changeTo(to(2), NONE, until(END)).settle(END).changeTo(to(3), NONE, until(LATER));
    assertThat(state.slots().isChanging(0)).isTrue();
    assertThat(state.slots().previous(0)).isEqualTo(2);
  }

  @Test
  void changeTo_backendRemoved_isStableAtOnce() {
    RingState stable = ring(1, 2).changeTo(to(2, 2), Set.of(1), until(END));
    assertThat(stable.slots().isStable()).isTrue();
    assertThat(stable.slots().backend(0)).isEqualTo(2);
  }

  @Test
  void changeTo_previousOrCurrentRemoved_isNeverPrevious() {
    RingState changing = ring(1).changeTo(to(2), NONE, until(END));
    RingState withoutPrevious = changing.changeTo(to(2), Set.of(1), until(LATER));
    // Flows that began at 2 since the change have entries, and unknown flows belong there.
    assertThat(withoutPrevious.slots().isSettled(0)).isTrue();
    assertThat(withoutPrevious.slots().previous(0)).isZero();
    assertThat(withoutPrevious.until()).isEmpty();

    RingState withoutCurrent = changing.changeTo(to(3), Set.of(2), until(LATER));
    assertThat(withoutCurrent.slots().isChanging(0)).isTrue();
    assertThat(withoutCurrent.slots().previous(0)).isEqualTo(1);
  }

  @Test
  void changeTo_fromEmptyRing_isStable() {
    assertThat(ring(0, 0).changeTo(to(1, 1), NONE, until(END)).slots().isStable()).isTrue();
  }

  @Test
  void changeTo_lastBackendDrained_keepsItAsPrevious() {
    RingState state = ring(1).changeTo(to(0), NONE, until(END));
    assertThat(state.slots().isChanging(0)).isTrue();
    assertThat(state.slots().previous(0)).isEqualTo(1);
    assertThat(state.slots().isEmpty()).isFalse();
    assertThat(state.settle(END).slots().isEmpty()).isFalse();
  }

  @Test
  void stabilise_settledSlot_isStable() {
    RingState settled = ring(1, 1).changeTo(to(2, 2), NONE, until(END)).settle(END);
    BitSet first = new BitSet();
    first.set(0);
    RingState state = settled.stabilise(settled, first);
    assertThat(state.slots().isStable(0)).isTrue();
    assertThat(state.slots().backend(0)).isEqualTo(2);
    assertThat(state.slots().isSettled(1)).isTrue();
  }

  @Test
  void stabilise_slotChangedSinceScan_isNotStable() {
    RingState settled = ring(1, 1).changeTo(to(2, 2), NONE, until(END)).settle(END);
    BitSet both = settled.settledSlots();
    RingState changed = settled.changeTo(to(3, 2), NONE, until(LATER));
    RingState changedAndSettled = changed.settle(LATER);
    assertThat(changed.stabilise(settled, both).slots().isChanging(0)).isTrue();
    assertThat(changed.stabilise(settled, both).slots().isStable(1)).isTrue();
    assertThat(changedAndSettled.stabilise(settled, both).slots().isSettled(0)).isTrue();
  }

  @Test
  void stabilise_slotChangedAndSettledAtTheSameBackendSinceScan_isNotStable() {
    RingState settled = ring(1, 1).changeTo(to(2, 2), NONE, until(END)).settle(END);
    RingState back =
        settled
            .changeTo(to(3, 2), NONE, until(LATER))
            .changeTo(to(2, 2), NONE, until(LATER))
            .settle(LATER);
    assertThat(back.slots().backend(0)).isEqualTo(2);
    RingState state = back.stabilise(settled, settled.settledSlots());
    assertThat(state.slots().isSettled(0)).isTrue();
    assertThat(state.slots().isStable(1)).isTrue();
  }

  @Test
  void changeTo_settledSlotKept_canStillBeStabilised() {
    RingState settled = ring(1, 1).changeTo(to(2, 2), NONE, until(END)).settle(END);
    RingState other = settled.changeTo(to(2, 3), NONE, until(LATER));
    assertThat(other.stabilise(settled, settled.settledSlots()).slots().isStable(0)).isTrue();
  }

  /** Counts how often its slots are computed. */
  private static final class Counted implements RingSlots.Definition {

    private final int[] backends;
    private int computed;

    Counted(int... backends) {
      this.backends = backends;
    }

    @Override
    public int size() {
      return backends.length;
    }

    @Override
    public boolean isEmpty() {
      return false;
    }

    @Override
    public RingBackends compute() {
      computed++;
      return RingSlots.stable(backends).backends();
    }
  }

  @Test
  void deferChangeTo_computesTheSlotsWhenTheyAreNeeded() {
    Counted before = new Counted(1, 2, 3);
    Counted after = new Counted(1, 1, 3);
    RingState deferred =
        RingState.stable(RingSlots.stable(before))
            .deferChangeTo(RingSlots.stable(after), until(END));
    assertThat(deferred.isDeferred()).isTrue();
    assertThat(deferred.isStable()).isFalse();
    assertThat(deferred.span()).isEqualTo(END.minus(START));
    assertThat(before.computed + after.computed).isZero();

    assertThat(deferred.slots().isChanging(1)).isTrue();
    assertThat(deferred.slots().previous(1)).isEqualTo(2);
    assertThat(deferred.slots().backend(1)).isEqualTo(1);
    assertThat(deferred.changing()).isEqualTo(1);
    assertThat(deferred.isDeferred()).isFalse();
    assertThat(deferred.isUnchanged()).isFalse();
    assertThat(deferred.settle(END).settled()).isEqualTo(1);
  }

  @Test
  void deferChangeTo_sameBackends_isUnchanged() {
    RingState deferred = ring(1, 2).deferChangeTo(to(1, 2), until(END));
    assertThat(deferred.isUnchanged()).isTrue();
    assertThat(deferred.slots()).isEqualTo(to(1, 2));
  }
}
