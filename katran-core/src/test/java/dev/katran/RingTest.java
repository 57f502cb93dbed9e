package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RingTest {

  private static final Limits LIMITS = Limits.defaults();

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("fc00::3");

  /** Two addresses of one hash. */
  private static final Backend TWIN = Backend.of("10.0.126.255");

  private static final Backend OTHER_TWIN = Backend.of("10.0.128.1");

  private static final Flow FLOW = Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443);

  @RepeatedTest(50)
  void everySlotIsServedWhateverTheBackends(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    List<Backend> backends = backends(random, 1 + random.nextInt(100));
    for (RingAlgorithm algorithm : RingAlgorithm.values()) {
      Ring ring = Ring.of(LIMITS.ringSize(4099), algorithm, backends);
      assertThat(ring.backends().stream().mapToDouble(ring::share).sum())
          .isCloseTo(1, within(1e-9));
      assertThat(ring.toNumbers(backend -> 1)).hasSize(4099).containsOnly(1);
    }
  }

  @RepeatedTest(50)
  void theOrderInWhichBackendsAreGivenDoesNotMatter(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    List<Backend> backends = backends(random, 2 + random.nextInt(100));
    List<Backend> shuffled = new ArrayList<>(backends);
    Collections.shuffle(shuffled, random);
    for (RingAlgorithm algorithm : RingAlgorithm.values()) {
      Ring ring = Ring.of(LIMITS.ringSize(4099), algorithm, backends);
      Ring other = Ring.of(LIMITS.ringSize(4099), algorithm, shuffled);
      assertThat(other).isEqualTo(ring).hasSameHashCodeAs(ring).hasToString(ring.toString());
      assertThat(other.difference(ring)).isZero();
    }
  }

  @RepeatedTest(20)
  void aBackendThatGoesTakesFewOtherSlotsAlong(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    List<Backend> backends = backends(random, 10 + random.nextInt(40));
    backends.replaceAll(backend -> backend.weight(1));
    Backend gone = backends.get(random.nextInt(backends.size()));
    Ring before = Ring.maglev(backends);
    backends.remove(gone);
    Ring after = Ring.maglev(backends);

    assertThat(after.share(gone)).isZero();
    assertThat(before.difference(after))
        .isEqualTo(after.difference(before))
        .isGreaterThanOrEqualTo(before.share(gone))
        .isLessThan(2.5 * before.share(gone));
  }

  @Test
  void sharesByCreditAreProportionalToWeights() {
    Ring ring =
        Ring.of(LIMITS, RingAlgorithm.MAGLEV_V2, List.of(ONE, TWO.weight(2), THREE.weight(5)));

    assertThat(ring.share(ONE)).isCloseTo(1 / 8.0, within(0.0001));
    assertThat(ring.share(TWO)).isCloseTo(2 / 8.0, within(0.0001));
    assertThat(ring.share(THREE.address())).isCloseTo(5 / 8.0, within(0.0001));
  }

  @Test
  void bothAlgorithmsAgreeWhereAllWeightsAre1() {
    List<Backend> backends = List.of(ONE, TWO, THREE);

    assertThat(Ring.of(LIMITS, RingAlgorithm.MAGLEV_V2, backends)).isEqualTo(Ring.maglev(backends));
  }

  @Test
  void twinsOfOneHashStandInTheSameOrderHoweverTheyAreGiven() {
    assertThat(TWIN.hash()).isEqualTo(OTHER_TWIN.hash());

    assertThat(Ring.maglev(List.of(TWIN, OTHER_TWIN)))
        .isEqualTo(Ring.maglev(List.of(OTHER_TWIN, TWIN)));
    assertThat(Ring.maglev(List.of(OTHER_TWIN, TWIN)).backends()).containsExactly(TWIN, OTHER_TWIN);
  }

  @ParameterizedTest
  @EnumSource
  void oneBackendServesEverySlot(RingAlgorithm algorithm) {
    Ring ring = Ring.of(LIMITS, algorithm, List.of(ONE.weight(7)));

    assertThat(ring.share(ONE)).isEqualTo(1);
    assertThat(ring.backend(FLOW)).contains(ONE.weight(7));
  }

  @Test
  void whoDrainsOrHasNoWeightTakesNoPart() {
    Ring ring = Ring.maglev(List.of(ONE.draining(true), TWO.weight(0), THREE));

    assertThat(ring).isEqualTo(Ring.maglev(List.of(THREE)));
    assertThat(ring.backends()).containsExactly(THREE);
    assertThat(ring.share(ONE)).isZero();
    assertThat(ring.share(TWO)).isZero();
  }

  @Test
  void aRingToWhichNobodyIsLeftIsEmpty() {
    Ring ring = Ring.maglev(List.of(ONE.draining(true), TWO.weight(0)));

    assertThat(ring.isEmpty()).isTrue();
    assertThat(ring.size()).isEqualTo(65537);
    assertThat(ring.backends()).isEmpty();
    assertThat(ring.backend(0)).isEmpty();
    assertThat(ring.backend(FLOW)).isEmpty();
    assertThat(ring.toNumbers(backend -> 1)).hasSize(65537).containsOnly(0);
    assertThat(ring).isEqualTo(Ring.maglev(List.of())).hasToString("ring of 65537 slots []");
  }

  @Test
  void anEmptyRingDiffersWhollyFromOneThatIsNot() {
    Ring empty = Ring.maglev(List.of());
    Ring ring = Ring.maglev(List.of(ONE));

    assertThat(empty.difference(ring)).isEqualTo(1);
    assertThat(ring.difference(empty)).isEqualTo(1);
    assertThat(empty.difference(empty)).isZero();
  }

  @Test
  void aFlowGoesToTheBackendOfItsSlot() {
    Ring ring = Ring.maglev(List.of(ONE, TWO, THREE));

    assertThat(ring.slot(FLOW)).isBetween(0, ring.size() - 1);
    assertThat(ring.backend(FLOW)).isPresent().isEqualTo(ring.backend(ring.slot(FLOW)));
  }

  @Test
  void destinationAddressAndProtocolDoNotMatterToTheSlot() {
    Ring ring = Ring.maglev(List.of());

    assertThat(ring.slot(Flow.udp("198.51.100.7", 49152, "192.0.2.1", 443)))
        .isEqualTo(ring.slot(FLOW));
  }

  @Test
  void theLimitsSeedTheSlot() {
    Ring ring = Ring.maglev(List.of(ONE));
    Ring other = Ring.of(LIMITS.vips(1024), RingAlgorithm.MAGLEV, List.of(ONE));

    assertThat(other.slot(FLOW)).isNotEqualTo(ring.slot(FLOW));
    assertThat(other).isNotEqualTo(ring);
  }

  @Test
  void numbersStandWhereTheirBackendsServe() {
    Ring ring = Ring.maglev(List.of(ONE, TWO, THREE));
    List<Backend> asked = new ArrayList<>();
    int[] numbers =
        ring.toNumbers(backend -> {
          asked.add(backend);
          return backend.equals(ONE) ? 17 : backend.equals(TWO) ? 4095 : 1;
        });

    assertThat(asked).containsExactlyElementsOf(ring.backends());
    for (int slot = 0; slot < ring.size(); slot++) {
      Backend backend = numbers[slot] == 17 ? ONE : numbers[slot] == 4095 ? TWO : THREE;
      assertThat(ring.backend(slot)).contains(backend);
    }
  }

  @Test
  void ringsThatServeOtherWeightsAreNotEqual() {
    assertThat(Ring.maglev(List.of(ONE))).isNotEqualTo(Ring.maglev(List.of(ONE.weight(2))));
  }

  @Test
  void readsAsItsBackends() {
    assertThat(Ring.maglev(List.of(TWO.weight(2))))
        .hasToString("ring of 65537 slots [10.0.0.2 weight 2]");
  }

  @Test
  void aBackendGivenTwiceIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ring.maglev(List.of(ONE, TWO, ONE.weight(2).draining(true))))
        .withMessage("backend 10.0.0.1 is given twice");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65537})
  void aSlotThatIsNotOnTheRingIsRefused(int slot) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> Ring.maglev(List.of()).backend(slot))
        .withMessage("slot %d of a ring of 65537 slots", slot);
  }

  @Test
  void ringsOfTwoSizesAreNotCompared() {
    Ring small = Ring.of(LIMITS.ringSize(251), RingAlgorithm.MAGLEV, List.of());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> small.difference(Ring.maglev(List.of())))
        .withMessage("rings of 251 and 65537 slots cannot be compared");
  }

  /** Backends of distinct addresses, most of them IPv4, and of random weights. */
  private static List<Backend> backends(Random random, int count) {
    int first = random.nextInt(200);
    List<Backend> backends = new ArrayList<>();
    IntStream.range(first, first + count)
        .mapToObj(i ->
            i % 4 == 0
                ? "2001:db8::%x".formatted(i * 199)
                : "10.%d.%d.%d".formatted(i % 7, i / 200, i % 200))
        .map(Backend::of)
        .map(backend -> backend.weight(1 + random.nextInt(20)))
        .forEach(backends::add);
    return backends;
  }
}
