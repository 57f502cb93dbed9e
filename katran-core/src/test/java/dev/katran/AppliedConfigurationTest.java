package dev.katran;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;

class AppliedConfigurationTest extends ConfigurationContract {

  @Override
  Dataplane open(DataplaneConfig config) {
    return new JavaDataplane(config);
  }
}
