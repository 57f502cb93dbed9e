package dev.katran;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.internal.platform.PinFolder;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

@NeedsKernel
@Tag("unemulated")
class KernelAdoptionTest extends AdoptionContract {

  private static BpfMount files;
  private static int opened;

  private Path path;

  @BeforeAll
  static void mount() {
    files = BpfMount.open();
  }

  @AfterAll
  static void unmount() {
    files.close();
  }

  /** Those that use every operation: opening a dataplane in the kernel waits for packets. */
  static Stream<RollbackContract.Change> changes() {
    return AdoptionContract.changes()
        .filter(
            change -> Set.of("replace everything", "other server ids").contains(change.toString()));
  }

  @Override
  int step() {
    return 6;
  }

  @Override
  Dataplane open(DataplaneConfig config) {
    path = files.path().resolve("balancer" + opened++);
    return reopen(null, config);
  }

  @Override
  Dataplane reopen(Dataplane dead, DataplaneConfig config) {
    if (dead != null) {
      dead.close();
    }
    return KernelDataplane.pinned(
        config, PinFolder.open(path, KernelDataplane::isPin, Duration.ZERO));
  }
}
