package dev.katran.internal.dataplane.kernel;

import static dev.katran.internal.dataplane.DataplaneContract.CONFIG;
import static dev.katran.internal.dataplane.DataplaneContract.tcp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.failure.Failure;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.OpenFiles;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A batch whose VIPs cannot be written changes no ring either, not even for a moment: a connection
 * that begins in it would go to another backend when the ring is taken back.
 */
@NeedsKernel
@Tag("unemulated")
class FailedBatchTest {

  private static final String VIP = "203.0.113.10";

  /** Loads the classes that the test needs when no file can be opened. */
  @BeforeAll
  static void loadClasses() {
    OpenFiles.loadClasses();
    try (KernelDataplane dataplane = open()) {
      change(dataplane);
    }
  }

  private static KernelDataplane open() {
    KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
    dataplane.rings().put(0, all(1));
    dataplane.vips().put(tcp(VIP, 443), new VipEntry(0, 0));
    return dataplane;
  }

  private static RingSlots all(int backend) {
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.fill(slots, backend);
    return RingSlots.stable(slots);
  }

  private static void change(KernelDataplane dataplane) {
    dataplane.batch(() -> {
      dataplane.rings().put(0, all(2));
      dataplane.vips().put(tcp(VIP, 80), new VipEntry(0, 0));
    });
  }

  @Test
  void batch_noDescriptorForVips_installsNoRing() {
    try (KernelDataplane dataplane = open()) {
      long before = dataplane.rings().place(0);
      assertThatThrownBy(() -> OpenFiles.withLeft(0, () -> attempt(dataplane)))
          .isInstanceOf(Failure.class);
      assertThat(dataplane.rings().place(0)).isEqualTo(before);

      change(dataplane);
      assertThat(dataplane.rings().place(0)).isNotEqualTo(before);
    }
  }

  @Test
  void batch_ofRingsAlone_installsThem() {
    try (KernelDataplane dataplane = open()) {
      long before = dataplane.rings().place(0);
      dataplane.batch(() -> dataplane.rings().put(0, all(2)));
      assertThat(dataplane.rings().place(0)).isNotEqualTo(before);
    }
  }

  private static boolean attempt(KernelDataplane dataplane) {
    change(dataplane);
    return true;
  }
}
