package dev.katran.internal.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaglevTest {

  private static final int SIZE = 65537;

  @RepeatedTest(300)
  void fill_randomBackends_matchesPlainMaglev(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    int size = nextPrime(2 + random.nextInt(1 << (2 + random.nextInt(12))));
    int count = 2 + random.nextInt(1 << (1 + random.nextInt(8)));
    int heaviest = 1 << random.nextInt(21);
    assertIsPlainMaglev(hashes(random, count), weights(random, count, heaviest), size);
  }

  @ParameterizedTest
  @ValueSource(ints = {65537, 65539, 131_071, 655_373})
  void fill_positionsOverflow32Bits_matchesPlainMaglev(int size) {
    Random random = new Random(size);
    assertIsPlainMaglev(hashes(random, 5), weights(random, 5, 10), size);
    assertIsPlainMaglev(hashes(random, 300), weights(random, 300, 100), size);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 63, 64, 1000, 4096, 10_000, 65_535})
  void fill_numbersOfBackends_matchesPlainMaglev(int count) {
    Random random = new Random(count);
    assertIsPlainMaglev(hashes(random, count), weights(random, count, 1), SIZE);
    assertIsPlainMaglev(hashes(random, count), weights(random, count, 10), SIZE);
  }

  /** Most rounds have one slot only, so there are about as many rounds as slots. */
  @Test
  void fill_oneHeavyBackendAmongMany_matchesPlainMaglev() {
    Random random = new Random(1);
    int[] weights = weights(random, 100, 3);
    weights[50] = 1 << 20;
    assertIsPlainMaglev(hashes(random, 100), weights, SIZE);
  }

  private static void assertIsPlainMaglev(long[] hashes, int[] weights, int size) {
    assertThat(Maglev.fillByTurns(hashes, weights, size))
        .isEqualTo(new PlainMaglev(hashes, weights, size).fillByTurns());
    assertThat(Maglev.fillByCredit(hashes, weights, size))
        .isEqualTo(new PlainMaglev(hashes, weights, size).fillByCredit());
  }

  @Test
  void fillByTurns_walkReturnsEarly_findsLastSlot() {
    // On 65537 slots, a skip of 2^16 returns to the offset one slot before all are visited.
    long circling = 0;
    while (Maglev.skip(circling, SIZE) != 1 << 16) {
      circling++;
    }
    long[] hashes = {circling, -1};

    assertThat(Maglev.fillByTurns(hashes, new int[] {SIZE, 1}, SIZE)).containsOnly((char) 0);
  }

  @Test
  void fillByTurns_equalHashes_takeTurnsInOrder() {
    long[] hashes = {42, 42, 42};
    int[] weights = {1, 1, 1};
    char[] slots = Maglev.fillByTurns(hashes, weights, SIZE);

    int slot = Maglev.offset(42, SIZE);
    for (int turn = 0; turn < 9; turn++) {
      assertThat((int) slots[slot]).isEqualTo(turn % 3);
      slot = (slot + Maglev.skip(42, SIZE)) % SIZE;
    }
  }

  @Test
  void fillByCredit_sharesAreProportionalToWeights() {
    int[] weights = {1, 10, 100, 1000, 1_000_000};
    long[] hashes = hashes(new Random(1), weights.length);
    int[] counts = counts(Maglev.fillByCredit(hashes, weights, SIZE), weights.length);

    long sum = Arrays.stream(weights).sum();
    for (int i = 0; i < weights.length; i++) {
      assertThat(Math.abs(counts[i] - (double) SIZE * weights[i] / sum)).isLessThan(weights.length);
    }
  }

  @Test
  void fillByTurns_smallWeights_sharesAreAlmostEqual() {
    int[] weights = {1, 2, 3};
    char[] slots = Maglev.fillByTurns(hashes(new Random(1), 3), weights, SIZE);

    assertThat(counts(slots, 3)).containsExactly(21845, 21846, 21846);
  }

  @Test
  void fillByTurns_weightAboveRingSize_firstTakesAllSlots() {
    int[] weights = {1_000_000, 1_000_000};
    assertThat(Maglev.fillByTurns(new long[] {1, 2}, weights, SIZE)).containsOnly((char) 0);
  }

  @Test
  void fill_oneBackend_takesAllSlots() {
    assertThat(Maglev.fillByTurns(new long[] {7}, new int[] {5}, SIZE))
        .hasSize(SIZE)
        .containsOnly((char) 0);
    assertThat(Maglev.fillByCredit(new long[] {7}, new int[] {5}, SIZE))
        .hasSize(SIZE)
        .containsOnly((char) 0);
  }

  @Test
  void fillByTurns_moreBackendsThanSlots_givesAtMostOneSlot() {
    long[] hashes = hashes(new Random(1), 100);
    int[] weights = weights(new Random(1), 100, 1);

    assertThat(counts(Maglev.fillByTurns(hashes, weights, 7), 100)).containsOnly(0, 1);
  }

  @Test
  void fill_tooManyBackends_throws() {
    long[] hashes = new long[65536];
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Maglev.fillByTurns(hashes, new int[65536], SIZE))
        .withMessage("65536 backends on one ring; it can have 65535");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Maglev.fillByCredit(hashes, new int[65536], SIZE))
        .withMessage("65536 backends on one ring; it can have 65535");
  }

  private static long[] hashes(Random random, int count) {
    return random
        .longs(count)
        .boxed()
        .sorted(Long::compareUnsigned)
        .mapToLong(Long::longValue)
        .toArray();
  }

  private static int[] weights(Random random, int count, int heaviest) {
    return random.ints(count, 1, heaviest + 1).toArray();
  }

  private static int[] counts(char[] slots, int count) {
    int[] counts = new int[count];
    for (char slot : slots) {
      counts[slot]++;
    }
    return counts;
  }

  private static int nextPrime(int number) {
    return BigInteger.valueOf(number - 1).nextProbablePrime().intValue();
  }
}
