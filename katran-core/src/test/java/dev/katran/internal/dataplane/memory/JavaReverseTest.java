package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.DataplaneOpener;
import dev.katran.internal.dataplane.ReverseContract;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs the contract of the way back against the in-memory dataplane. */
class JavaReverseTest extends ReverseContract {

  @RegisterExtension
  static final DataplaneOpener OPENER =
      new DataplaneOpener(
          config -> JavaDataplane.routing(config, System::nanoTime, new FixedRoutes()));
}
