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

  /** A backend whose address has the same hash as {@link #OTHER_TWIN}. */
  private static final Backend TWIN = Backend.of("10.0.126.255");

  private static final Backend OTHER_TWIN = Backend.of("10.0.128.1");

  private static final Flow FLOW = Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443);

  @RepeatedTest(50)
  void of_randomBackends_servesEverySlot(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    List<Backend> backends = backends(random, 1 + random.nextInt(100));
    for (RingAlgorithm algorithm : RingAlgorithm.values()) {
      Ring ring = Ring.of(LIMITS.ringSize(4099), algorithm, backends);
      assertThat(ring.backends().stream().mapToDouble(ring::share).sum())
          .isCloseTo(1, within(1e-9));
      assertThat(ring.toArray(backend -> 1)).hasSize(4099).containsOnly(1);
    }
  }

  @RepeatedTest(50)
  void of_backendsInAnotherOrder_isEqual(RepetitionInfo repetition) {
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
  void difference_backendRemoved_movesFewOtherSlots(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    List<Backend> backends = backends(random, 10 + random.nextInt(40));
    backends.replaceAll(backend -> backend.weight(1));
    Backend gone = backends.get(random.nextInt(backends.size()));
    Ring before = Ring.of(backends);
    backends.remove(gone);
    Ring after = Ring.of(backends);

    assertThat(after.share(gone)).isZero();
    assertThat(before.difference(after))
        .isEqualTo(after.difference(before))
        .isGreaterThanOrEqualTo(before.share(gone))
        .isLessThan(2.5 * before.share(gone));
  }

  @Test
  void share_maglevV2_isProportionalToWeight() {
    Ring ring =
        Ring.of(LIMITS, RingAlgorithm.MAGLEV_V2, List.of(ONE, TWO.weight(2), THREE.weight(5)));

    assertThat(ring.share(ONE)).isCloseTo(1 / 8.0, within(0.0001));
    assertThat(ring.share(TWO)).isCloseTo(2 / 8.0, within(0.0001));
    assertThat(ring.share(THREE.key())).isCloseTo(5 / 8.0, within(0.0001));
  }

  @Test
  void of_allWeights1_isTheSameForBothAlgorithms() {
    List<Backend> backends = List.of(ONE, TWO, THREE);

    assertThat(Ring.of(LIMITS, RingAlgorithm.MAGLEV, backends))
        .isEqualTo(Ring.of(LIMITS, RingAlgorithm.MAGLEV_V2, backends));
  }

  @Test
  void of_backendsOnly_usesMaglevV2AndDefaultLimits() {
    List<Backend> backends = List.of(ONE, TWO.weight(2), THREE.weight(5));

    assertThat(Ring.of(backends))
        .isEqualTo(Ring.of(LIMITS, RingAlgorithm.MAGLEV_V2, backends))
        .isNotEqualTo(Ring.of(LIMITS, RingAlgorithm.MAGLEV, backends));
  }

  @Test
  void of_backendsWithEqualHash_areOrderedByAddress() {
    assertThat(TWIN.hash()).isEqualTo(OTHER_TWIN.hash());

    assertThat(Ring.of(List.of(TWIN, OTHER_TWIN))).isEqualTo(Ring.of(List.of(OTHER_TWIN, TWIN)));
    assertThat(Ring.of(List.of(OTHER_TWIN, TWIN)).backends()).containsExactly(TWIN, OTHER_TWIN);
  }

  @ParameterizedTest
  @EnumSource
  void of_oneBackend_servesEverySlot(RingAlgorithm algorithm) {
    Ring ring = Ring.of(LIMITS, algorithm, List.of(ONE.weight(7)));

    assertThat(ring.share(ONE)).isEqualTo(1);
    assertThat(ring.backend(FLOW)).contains(ONE.weight(7));
  }

  @Test
  void of_drainingOrWeightlessBackends_areLeftOut() {
    Ring ring = Ring.of(List.of(ONE.draining(true), TWO.weight(0), THREE));

    assertThat(ring).isEqualTo(Ring.of(List.of(THREE)));
    assertThat(ring.backends()).containsExactly(THREE);
    assertThat(ring.share(ONE)).isZero();
    assertThat(ring.share(TWO)).isZero();
  }

  @Test
  void isEmpty_noBackendTakesNewFlows_isTrue() {
    Ring ring = Ring.of(List.of(ONE.draining(true), TWO.weight(0)));

    assertThat(ring.isEmpty()).isTrue();
    assertThat(ring.size()).isEqualTo(65537);
    assertThat(ring.backends()).isEmpty();
    assertThat(ring.backend(0)).isEmpty();
    assertThat(ring.backend(FLOW)).isEmpty();
    assertThat(ring.toArray(backend -> 1)).hasSize(65537).containsOnly(0);
    assertThat(ring).isEqualTo(Ring.of(List.of())).hasToString("ring of 65537 slots []");
  }

  @Test
  void difference_emptyRing_is1() {
    Ring empty = Ring.of(List.of());
    Ring ring = Ring.of(List.of(ONE));

    assertThat(empty.difference(ring)).isEqualTo(1);
    assertThat(ring.difference(empty)).isEqualTo(1);
    assertThat(empty.difference(empty)).isZero();
  }

  @Test
  void backend_flow_isTheBackendOfItsSlot() {
    Ring ring = Ring.of(List.of(ONE, TWO, THREE));

    assertThat(ring.slot(FLOW)).isBetween(0, ring.size() - 1);
    assertThat(ring.backend(FLOW)).isPresent().isEqualTo(ring.backend(ring.slot(FLOW)));
  }

  @Test
  void slot_otherDestinationAddressOrProtocol_isTheSame() {
    Ring ring = Ring.of(List.of());

    assertThat(ring.slot(Flow.udp("198.51.100.7", 49152, "192.0.2.1", 443)))
        .isEqualTo(ring.slot(FLOW));
  }

  @Test
  void slot_otherHashSeed_differs() {
    Ring ring = Ring.of(List.of(ONE));
    Ring other = Ring.of(LIMITS.hashSeed(1024), RingAlgorithm.MAGLEV_V2, List.of(ONE));

    assertThat(other.slot(FLOW)).isNotEqualTo(ring.slot(FLOW));
    assertThat(other).isNotEqualTo(ring);
  }

  @Test
  void slot_otherCapacities_isTheSame() {
    Ring ring = Ring.of(List.of(ONE));
    Limits capacities =
        LIMITS
            .vips(1024)
            .backends(100)
            .maxPacketSize(9014)
            .flowTableSize(2048)
            .serverIds(10)
            .sourceRoutes(10);
    Ring other = Ring.of(capacities, RingAlgorithm.MAGLEV_V2, List.of(ONE));

    assertThat(other.slot(FLOW)).isEqualTo(ring.slot(FLOW));
    assertThat(other).isEqualTo(ring).hasSameHashCodeAs(ring);
  }

  @Test
  void toArray_holdsTheNumberOfEachSlotsBackend() {
    Ring ring = Ring.of(List.of(ONE, TWO, THREE));
    List<Backend> calls = new ArrayList<>();
    int[] numbers =
        ring.toArray(backend -> {
          calls.add(backend);
          return backend.equals(ONE) ? 17 : backend.equals(TWO) ? 4095 : 1;
        });

    assertThat(calls).containsExactlyElementsOf(ring.backends());
    for (int slot = 0; slot < ring.size(); slot++) {
      Backend backend = numbers[slot] == 17 ? ONE : numbers[slot] == 4095 ? TWO : THREE;
      assertThat(ring.backend(slot)).contains(backend);
    }
  }

  @Test
  void toPositions_holdsThePositionOfEachSlotsBackend() {
    Ring ring = Ring.of(List.of(ONE, TWO, THREE));
    char[] positions = ring.toPositions();

    assertThat(positions).hasSize(ring.size());
    for (int slot = 0; slot < positions.length; slot++) {
      assertThat(ring.backend(slot)).contains(ring.backends().get(positions[slot]));
    }
    positions[0]++;
    assertThat(ring.toPositions()).isNotEqualTo(positions);
    assertThat(Ring.of(List.of()).toPositions()).hasSize(65537).containsOnly((char) 0);
  }

  @Test
  void equals_otherWeight_isFalse() {
    assertThat(Ring.of(List.of(ONE))).isNotEqualTo(Ring.of(List.of(ONE.weight(2))));
  }

  @Test
  void toString_listsSizeAndBackends() {
    assertThat(Ring.of(List.of(TWO.weight(2))))
        .hasToString("ring of 65537 slots [10.0.0.2 weight 2]");
  }

  @Test
  void of_duplicateBackend_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ring.of(List.of(ONE, TWO, ONE.weight(2).draining(true))))
        .withMessage("duplicate backend 10.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65537})
  void backend_slotOutOfRange_throws(int slot) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> Ring.of(List.of()).backend(slot))
        .withMessage("slot %d of a ring of 65537 slots", slot);
  }

  @Test
  void difference_otherSize_throws() {
    Ring small = Ring.of(LIMITS.ringSize(251), RingAlgorithm.MAGLEV, List.of());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> small.difference(Ring.of(List.of())))
        .withMessage("rings of 251 and 65537 slots cannot be compared");
  }

  /** Creates backends with distinct addresses, three quarters of them IPv4, and random weights. */
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
