package dev.katran.internal.dataplane.kernel;

import static dev.katran.internal.dataplane.DataplaneContract.CONFIG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.dataplane.RingSlots;
import dev.katran.needs.NeedsKernel;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** VIPs with equal rings share one ring map. */
@NeedsKernel
class SharedRingsTest {

  private final KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
  private final long empty = memory();

  @AfterEach
  void close() {
    dataplane.close();
  }

  /** Returns the kernel memory without what was replaced. */
  private long memory() {
    dataplane.commit();
    return dataplane.resources().memory();
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

  @Test
  void put_equalRings_shareMemory() {
    dataplane.rings().put(0, all(1));
    long one = memory();
    dataplane.rings().put(1, all(1));
    dataplane.batch(() -> {
      for (int vip = 2; vip < 200; vip++) {
        dataplane.rings().put(vip, all(1));
      }
    });
    assertThat(memory()).isEqualTo(one);

    dataplane.rings().put(1, all(2));
    assertThat(memory()).isEqualTo(empty + 2 * (one - empty));
  }

  @Test
  void remove_lastUser_freesMemory() {
    dataplane.rings().put(0, all(1));
    dataplane.rings().put(1, all(1));
    dataplane.rings().remove(0);
    assertThat(memory()).isGreaterThan(empty);
    dataplane.rings().put(2, all(1));
    dataplane.rings().remove(1);
    dataplane.rings().remove(2);
    assertThat(memory()).isEqualTo(empty);
  }

  @Test
  void put_replacedRing_staysOpenUntilCommit() {
    dataplane.rings().put(0, all(1));
    long one = memory();
    dataplane.rings().put(0, all(2));
    assertThat(dataplane.resources().memory()).isEqualTo(empty + 2 * (one - empty));
    dataplane.rings().put(0, all(1));
    assertThat(dataplane.resources().memory()).isEqualTo(empty + 2 * (one - empty));
    assertThat(memory()).isEqualTo(one);
  }

  @Test
  void mark_changingRings_shareMemory() {
    dataplane.rings().put(0, all(1));
    dataplane.rings().put(1, all(1));
    long one = memory();
    dataplane.rings().put(0, changing(2, 1));
    assertThat(memory()).isEqualTo(empty + 2 * (one - empty));
    dataplane.rings().put(1, changing(2, 1));
    assertThat(memory()).isEqualTo(one);

    dataplane.rings().mark(0, all(2));
    assertThat(memory()).isEqualTo(empty + 2 * (one - empty));
    dataplane.rings().mark(1, all(2));
    assertThat(memory()).isEqualTo(one);
  }

  @Test
  void mark_ringOfItsOwn_isWrittenInPlace() {
    dataplane.rings().put(0, changing(2, 1));
    long one = memory();
    dataplane.rings().mark(0, all(2));
    assertThat(dataplane.resources().memory()).isEqualTo(one);
    dataplane.rings().put(1, all(2));
    assertThat(dataplane.resources().memory()).isEqualTo(one);
  }

  @Test
  void put_sameRingTwice_usesNoMoreMemory() {
    dataplane.rings().put(0, all(1));
    long one = memory();
    dataplane.rings().put(0, all(1));
    dataplane.batch(() -> {
      dataplane.rings().put(0, all(1));
      dataplane.rings().put(1, all(1));
      dataplane.rings().put(0, all(1));
      dataplane.rings().remove(1);
    });
    assertThat(memory()).isEqualTo(one);
  }

  @Test
  void batch_throws_freesItsRings() {
    IllegalStateException failure = new IllegalStateException("half way");

    assertThatThrownBy(() ->
            dataplane.batch(() -> {
              dataplane.rings().put(0, all(1));
              dataplane.rings().put(1, all(1));
              dataplane.rings().put(2, changing(2, 1));
              throw failure;
            }))
        .isSameAs(failure);

    assertThat(memory()).isEqualTo(empty);
    dataplane.rings().put(1, all(1));
    assertThat(memory()).isGreaterThan(empty);
  }
}
