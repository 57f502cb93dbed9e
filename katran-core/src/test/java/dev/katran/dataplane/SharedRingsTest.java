package dev.katran.dataplane;

import static dev.katran.dataplane.DataplaneContract.CONFIG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.needs.NeedsKernel;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** VIPs whose rings are stable and equal share one, and nobody takes notice. */
@NeedsKernel
class SharedRingsTest {

  private final KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
  private final long empty = memory();

  @AfterEach
  void close() {
    dataplane.close();
  }

  private long memory() {
    return dataplane.footprint().memory();
  }

  private static RingSlots all(int backend) {
    int[] slots = new int[CONFIG.ringSize()];
    Arrays.fill(slots, backend);
    return RingSlots.stable(slots);
  }

  private static RingSlots changing(int backend, int previous) {
    RingSlots.Builder builder = all(backend).toBuilder();
    for (int slot = 0; slot < CONFIG.ringSize(); slot += 2) {
      builder.changing(slot, backend, previous);
    }
    return builder.build();
  }

  @Test
  void equalRingsTakeMemoryOnce() {
    dataplane.putRing(0, all(1));
    long one = memory();
    dataplane.putRing(1, all(1));
    dataplane.together(() -> {
      for (int vip = 2; vip < 200; vip++) {
        dataplane.putRing(vip, all(1));
      }
    });
    assertThat(memory()).isEqualTo(one);

    dataplane.putRing(1, all(2));
    assertThat(memory()).isEqualTo(empty + 2 * (one - empty));
  }

  @Test
  void theLastOneToLeaveFreesIt() {
    dataplane.putRing(0, all(1));
    dataplane.putRing(1, all(1));
    dataplane.removeRing(0);
    assertThat(memory()).isGreaterThan(empty);
    dataplane.putRing(2, all(1));
    dataplane.removeRing(1);
    dataplane.removeRing(2);
    assertThat(memory()).isEqualTo(empty);
  }

  @Test
  void aRingThatChangesIsItsVipsOwnUntilItIsStable() {
    dataplane.putRing(0, all(1));
    dataplane.putRing(1, all(1));
    long one = memory();
    dataplane.putRing(0, changing(2, 1));
    dataplane.putRing(1, changing(2, 1));
    assertThat(memory()).isEqualTo(empty + 2 * (one - empty));

    dataplane.markRing(0, all(2));
    assertThat(memory()).isEqualTo(empty + 2 * (one - empty));
    dataplane.markRing(1, all(2));
    assertThat(memory()).isEqualTo(one);
  }

  @Test
  void whatIsSharedIsNotMarked() {
    dataplane.putRing(0, all(1));

    assertThatThrownBy(() -> dataplane.markRing(0, changing(2, 1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the ring of VIP 0 has no slot to mark");
  }

  @Test
  void aRingThatIsPutTwiceStays() {
    dataplane.putRing(0, all(1));
    long one = memory();
    dataplane.putRing(0, all(1));
    dataplane.together(() -> {
      dataplane.putRing(0, all(1));
      dataplane.putRing(1, all(1));
      dataplane.putRing(0, all(1));
      dataplane.removeRing(1);
    });
    assertThat(memory()).isEqualTo(one);
  }

  @Test
  void ringsOfChangesThatThrowTakeNoMemory() {
    IllegalStateException failure = new IllegalStateException("half way");

    assertThatThrownBy(() ->
            dataplane.together(() -> {
              dataplane.putRing(0, all(1));
              dataplane.putRing(1, all(1));
              dataplane.putRing(2, changing(2, 1));
              throw failure;
            }))
        .isSameAs(failure);

    assertThat(memory()).isEqualTo(empty);
    dataplane.putRing(1, all(1));
    assertThat(memory()).isGreaterThan(empty);
  }
}
