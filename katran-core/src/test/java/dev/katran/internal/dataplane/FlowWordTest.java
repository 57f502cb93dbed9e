package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.bpf.generated.Katran;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FlowWordTest {

  private static final long TAG = FlowWord.tagOf(0x1234_5678_9abc_def0L);
  private static final long OTHER = FlowWord.tagOf(~TAG);
  private static final long NOW = Duration.ofDays(40).toNanos();
  private static final long UNIT = 1L << Katran.KATRAN_FLOW_UNIT();
  private static final long COARSE = UNIT << Katran.KATRAN_FLOW_COARSE_UNIT();

  @Test
  void constants_areThoseOfTheAbi() {
    assertThat(FlowWord.PER_BUCKET).isEqualTo(Katran.KATRAN_FLOWS_PER_BUCKET());
    assertThat(FlowWord.BACKENDS).isEqualTo(1 << Katran.KATRAN_FLOW_BACKEND_BITS());
    assertThat(FlowWord.UNIT).isEqualTo(Katran.KATRAN_FLOW_UNIT());
    assertThat(FlowWord.COARSE_UNIT).isEqualTo(Katran.KATRAN_FLOW_COARSE_UNIT());
    assertThat(FlowWord.SKEW).isEqualTo(Katran.KATRAN_FLOW_SKEW());
    assertThat(FlowWord.TIME_BITS).isEqualTo(Katran.KATRAN_FLOW_TIME_BITS());
    assertThat(FlowWord.IS_COARSE).isEqualTo(Katran.KATRAN_FLOW_IS_COARSE());
    assertThat(FlowWord.IS_CONFIRMED).isEqualTo(Katran.KATRAN_FLOW_IS_CONFIRMED());
    assertThat(FlowWord.HAS_BEGUN).isEqualTo(Katran.KATRAN_FLOW_HAS_BEGUN());
    assertThat(FlowWord.BACKEND_SHIFT).isEqualTo(Katran.KATRAN_FLOW_BACKEND_SHIFT());
    assertThat(FlowWord.TAG_SHIFT).isEqualTo(Katran.KATRAN_FLOW_TAG_SHIFT());
    assertThat(FlowSecret.WORDS).isEqualTo(Katran.KATRAN_FLOW_WORDS());
    assertThat(FlowSecret.KEYS).isEqualTo(Katran.KATRAN_FLOW_KEYS());
  }

  @Test
  void of_anyBackend_keepsTagAndBackendApart() {
    for (int backend : new int[] {1, 4096, FlowWord.BACKENDS - 1}) {
      long word = FlowWord.of(TAG, backend, NOW, false);
      assertThat(FlowWord.backend(word)).isEqualTo(backend);
      assertThat(FlowWord.hasTag(word, TAG)).isTrue();
      assertThat(FlowWord.hasTag(word, TAG + (1L << FlowWord.TAG_SHIFT))).isFalse();
    }
  }

  @Test
  void unused_anyTimeBelowTheWrap_isAtMostTwoUnitsLess() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      long used = NOW + random.nextLong(COARSE);
      long time = random.nextLong(1000 * UNIT);
      long unused = FlowWord.unused(FlowWord.of(TAG, 7, used, true), used + time);
      assertThat(unused).isBetween(time - 2 * UNIT, time);
    }
  }

  @Test
  void unused_usedOnACpuWhoseClockIsAhead_isZero() {
    long word = FlowWord.of(TAG, 7, NOW + 2 * UNIT, false);
    assertThat(FlowWord.unused(word, NOW)).isZero();
    assertThat(FlowWord.preserved(word, NOW)).isEqualTo(word);
    long coarse = FlowWord.coarse(FlowWord.of(TAG, 7, NOW + COARSE, false), NOW + COARSE);
    assertThat(FlowWord.unused(coarse, NOW)).isZero();
  }

  @Test
  void preserved_everyFourMinutesForAWeek_isNeverYoungerThanItWas() {
    long word = FlowWord.of(TAG, 7, NOW, false);
    long step = Duration.ofMinutes(4).toNanos();
    for (long time = 0; time < Duration.ofDays(7).toNanos(); time += step) {
      word = FlowWord.preserved(word, NOW + time);
      long unused = FlowWord.unused(word, NOW + time);
      long least = Math.min(time, Duration.ofDays(1).toNanos());
      assertThat(unused).isBetween(least - 2 * COARSE, time);
      assertThat(FlowWord.hasTag(word, TAG)).isTrue();
      assertThat(FlowWord.backend(word)).isEqualTo(7);
    }
  }

  @Test
  void suitability_ranksOwnEmptyUnconfirmedAndIdle() {
    long patience = 16 * UNIT;
    long own = FlowWord.of(TAG, 1, NOW, true);
    long fresh = FlowWord.of(OTHER, 1, NOW, true);
    long begun = FlowWord.of(OTHER, 1, NOW - 2 * UNIT, true);
    long begunEarlier = FlowWord.of(OTHER, 1, NOW - 9 * UNIT, true);
    long unknown = FlowWord.of(OTHER, 1, NOW - 9 * UNIT, false);
    long confirmed = FlowWord.used(begun, NOW - 9 * UNIT, /* begins= */ false);
    long idle = FlowWord.used(begun, NOW - 20 * UNIT, /* begins= */ false);

    assertThat(
            Stream.of(own, 0L, begunEarlier, begun, unknown, idle)
                .map(word -> rank(word, patience, false)))
        .isSortedAccordingTo(Comparator.reverseOrder())
        .doesNotHaveDuplicates()
        .allMatch(rank -> rank > 0);
    assertThat(rank(confirmed, patience, false)).isZero();
    assertThat(rank(fresh, patience, false)).isZero();
    assertThat(rank(idle, Long.MAX_VALUE, false)).isZero();
  }

  @Test
  void suitability_packetBegins_evictsOnlyWhatHasBegun() {
    long begun = FlowWord.of(OTHER, 1, NOW - 9 * UNIT, true);
    long unknown = FlowWord.of(OTHER, 1, NOW - 9 * UNIT, false);
    long answered = FlowWord.used(begun, NOW - 9 * UNIT, /* begins= */ false);
    assertThat(rank(begun, Long.MAX_VALUE, true)).isPositive();
    assertThat(rank(unknown, Long.MAX_VALUE, true)).isZero();
    assertThat(rank(answered, Long.MAX_VALUE, true)).isZero();
    assertThat(rank(FlowWord.used(begun, NOW, /* begins= */ true), 0, true)).isZero();
  }

  private static long rank(long word, long patience, boolean begins) {
    return FlowWord.suitability(word, TAG, NOW, patience, begins);
  }

  @Test
  void bucket_manyFlows_areSpreadEvenly() {
    FlowSecret secret = FlowSecret.of(new Random(1));
    int[] counts = new int[1000];
    Set<Long> tags = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      FiveTuple flow = flow(i);
      counts[secret.bucket(flow, counts.length)]++;
      tags.add(secret.tag(flow));
    }
    assertThat(counts).doesNotContain(0);
    assertThat(tags).hasSizeGreaterThanOrEqualTo(99_998);
    double chiSquared = 0;
    for (int count : counts) {
      chiSquared += Math.pow(count - 100, 2) / 100;
    }
    assertThat(chiSquared).isBetween(800.0, 1200.0);
  }

  private static FiveTuple flow(int number) {
    return new FiveTuple(
        Address.ipv4(0xc6336400 + (number >> 16)),
        Address.ipv4(0xcb00710a),
        number & 0xffff,
        443,
        FiveTuple.TCP);
  }
}
