package dev.katran.internal.dataplane.kernel;

import static dev.katran.internal.dataplane.DataplaneContract.CONFIG;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.needs.NeedsKernel;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** VIPs with equal rings share one. */
@NeedsKernel
class SharedRingsTest {

  /** The memory of a ring whose slots are all stable, and of one with slots that are not. */
  private static final long STABLE = size(Byte.BYTES);

  private static final long CHANGING = size(Byte.BYTES) + 64; // the palette takes a line

  private final KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
  private final KernelRings rings = (KernelRings) dataplane.rings();

  @AfterEach
  void close() {
    dataplane.close();
  }

  /** Returns the memory of the rings without what was replaced. */
  private long memory() {
    dataplane.commit();
    rings.awaitReclaimed();
    return rings.usedMemory();
  }

  private static RingSlots all(int backend) {
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.fill(slots, backend);
    return RingSlots.stable(slots);
  }

  private static RingSlots changing(int backend, int previous) {
    RingSlots.Builder builder = all(backend).toBuilder();
    for (int slot = 0; slot < CONFIG.limits().ringSize(); slot += 2) {
      builder.changing(slot, backend, previous);
    }
    return builder.build();
  }

  private static RingSlots settled(int backend) {
    RingSlots.Builder builder = all(backend).toBuilder();
    for (int slot = 0; slot < CONFIG.limits().ringSize(); slot += 2) {
      builder.settled(slot, backend);
    }
    return builder.build();
  }

  /** Returns the memory of a ring with slots of this size. */
  private static long size(int slotBytes) {
    return Math.ceilDiv(CONFIG.limits().ringSize() * slotBytes, 64) * 64L;
  }

  @Test
  void put_equalRings_shareMemory() {
    rings.put(0, all(1));
    assertThat(memory()).isEqualTo(STABLE);
    rings.put(1, all(1));
    dataplane.batch(() -> {
      for (int vip = 2; vip < 200; vip++) {
        rings.put(vip, all(1));
      }
    });
    assertThat(memory()).isEqualTo(STABLE);

    rings.put(1, all(2));
    assertThat(memory()).isEqualTo(2 * STABLE);
  }

  @Test
  void remove_lastUser_freesMemory() {
    long empty = dataplane.resources().memory();
    rings.put(0, all(1));
    rings.put(1, all(1));
    rings.remove(0);
    assertThat(memory()).isEqualTo(STABLE);
    assertThat(dataplane.resources().memory()).isGreaterThan(empty + STABLE);
    rings.put(2, all(1));
    rings.remove(1);
    rings.remove(2);
    assertThat(memory()).isZero();
    assertThat(dataplane.resources().memory())
        .as("a chunk is kept")
        .isBetween(empty + Katran.KATRAN_RING_CHUNK(), empty + 2L * Katran.KATRAN_RING_CHUNK());
  }

  @Test
  void put_replacedRing_staysInMemoryUntilCommit() {
    rings.put(0, all(1));
    rings.put(0, all(2));
    assertThat(rings.usedMemory()).isEqualTo(2 * STABLE);
    rings.put(0, all(1));
    assertThat(rings.usedMemory()).isEqualTo(2 * STABLE);
    assertThat(memory()).isEqualTo(STABLE);
  }

  @Test
  void mark_changingRings_shareMemory() {
    rings.put(0, all(1));
    rings.put(1, all(1));
    rings.put(0, changing(2, 1));
    assertThat(memory()).isEqualTo(STABLE + CHANGING);
    rings.put(1, changing(2, 1));
    assertThat(memory()).isEqualTo(CHANGING);

    rings.mark(0, settled(2));
    assertThat(memory()).isEqualTo(2 * CHANGING);
    rings.mark(1, settled(2));
    assertThat(memory()).isEqualTo(CHANGING);
  }

  @Test
  void mark_ringOfItsOwn_isWrittenInPlace() {
    rings.put(0, changing(2, 1));
    rings.mark(0, settled(2));
    assertThat(rings.usedMemory()).isEqualTo(CHANGING);
    rings.put(1, settled(2));
    assertThat(rings.usedMemory()).isEqualTo(CHANGING);
  }

  @Test
  void mark_stable_takesLessMemory() {
    rings.put(0, changing(2, 1));
    rings.mark(0, all(2));
    assertThat(memory()).isEqualTo(STABLE);
  }

  @Test
  void put_sameRingTwice_usesNoMoreMemory() {
    rings.put(0, all(1));
    rings.put(0, all(1));
    dataplane.batch(() -> {
      rings.put(0, all(1));
      rings.put(1, all(1));
      rings.put(0, all(1));
      rings.remove(1);
    });
    assertThat(memory()).isEqualTo(STABLE);
  }

  @Test
  void batch_throws_freesItsRings() {
    IllegalStateException failure = new IllegalStateException("half way");

    assertThatThrownBy(() ->
            dataplane.batch(() -> {
              rings.put(0, all(1));
              rings.put(1, all(1));
              rings.put(2, changing(2, 1));
              throw failure;
            }))
        .isSameAs(failure);

    assertThat(memory()).isZero();
    rings.put(1, all(1));
    assertThat(memory()).isEqualTo(STABLE);
  }

  private int[] read(RingSlots ring) {
    return requireNonNull(rings.read(ring)).toArray();
  }

  /** The number of the last backend selects the bytes of a slot, or that it has a palette. */
  @ParameterizedTest
  @ValueSource(ints = {2, 255, 256, 65535, 65536})
  void read_stableRing_isWhatWasPut(int last) {
    int[] slots = new int[CONFIG.limits().ringSize()];
    for (int slot = 0; slot < slots.length; slot++) {
      slots[slot] = slot % 3 == 0 ? 0 : slot % 3 == 1 ? 1 : last;
    }
    RingSlots ring = RingSlots.stable(slots);
    assertThat(rings.read(ring)).isNull();
    rings.put(0, ring);
    assertThat(read(RingSlots.stable(slots))).isEqualTo(slots);
    assertThat(rings.read(all(1))).isNull();

    int[] high = Arrays.stream(slots).map(each -> each == 0 ? 0 : each + 100_000).toArray();
    rings.put(0, RingSlots.stable(high));
    assertThat(read(RingSlots.stable(high))).isEqualTo(high);
  }

  /** Returns the backends of a ring whose slots have this many different contents. */
  private static int[] current(int contents) {
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.setAll(slots, slot -> slot % contents / 300);
    return slots;
  }

  private static RingSlots changing(int contents) {
    int[] backends = current(contents);
    RingSlots.Unstable unstable = RingSlots.stable(backends).withUnstable();
    for (int slot = 0; slot < backends.length; slot++) {
      unstable.changing(slot, backends[slot], 1_000_000 + slot % contents % 300);
    }
    return unstable.build();
  }

  private static RingSlots settled(RingSlots ring, int from) {
    RingSlots.Unstable unstable = ring.withUnstable();
    for (int slot = from; slot < ring.size(); slot++) {
      unstable.settled(slot, ring.backend(slot));
    }
    return unstable.build();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "250, 1", "300, 2", "40000, 2"})
  void put_changingRing_takesAsManyBytesAsItsContentsNeed(int contents, int slotBytes) {
    RingSlots ring = changing(contents);
    rings.put(0, ring);
    long stable = Arrays.stream(current(contents)).distinct().count();
    assertThat(memory())
        .isBetween(size(slotBytes), size(slotBytes) + (contents + stable) * Long.BYTES + 64);
    assertThat(read(changing(contents))).isEqualTo(current(contents));
  }

  @ParameterizedTest
  @ValueSource(ints = {60_000, 65_537})
  void put_slotsOfTooManyContents_areWide(int contents) {
    rings.put(0, changing(contents));
    assertThat(memory()).isEqualTo(size(Long.BYTES));
    assertThat(rings.read(changing(contents))).isNull();

    rings.mark(0, settled(changing(contents), 0));
    assertThat(memory()).isLessThan(size(Long.BYTES));
    assertThat(read(settled(changing(contents), 0))).isEqualTo(current(contents));
  }

  @Test
  void mark_slotsOfOneContentDiffer_ringIsReplaced() {
    rings.put(0, changing(2, 1));
    RingSlots half = settled(changing(2, 1), CONFIG.limits().ringSize() / 2);
    rings.mark(0, half);
    assertThat(read(half)).containsOnly(2);
    assertThat(rings.usedMemory()).isEqualTo(2 * CHANGING);
    assertThat(memory()).isEqualTo(CHANGING);
  }
}
