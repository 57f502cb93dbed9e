package dev.katran;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.api.Tag;

@NeedsKernel
@Tag("unemulated")
class KernelStressTest extends StressContract {

  @Override
  Dataplane open(DataplaneConfig config) {
    return KernelDataplane.detached(config);
  }
}
