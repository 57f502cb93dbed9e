package dev.katran;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.needs.NeedsKernel;

@NeedsKernel
class KernelAppliedConfigurationTest extends ConfigurationContract {

  @Override
  Dataplane open(DataplaneConfig config) {
    return KernelDataplane.detached(config);
  }
}
