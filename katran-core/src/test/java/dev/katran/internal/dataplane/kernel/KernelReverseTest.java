package dev.katran.internal.dataplane.kernel;

import dev.katran.internal.dataplane.DataplaneOpener;
import dev.katran.internal.dataplane.ReverseContract;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs the contract of the way back against the BPF program, on a host with its routes. */
@NeedsKernel
@NeedsNamespaces
class KernelReverseTest extends ReverseContract {

  private static RoutingHost host;

  @RegisterExtension
  static final DataplaneOpener OPENER = new DataplaneOpener(config -> host.open(config));

  @BeforeAll
  static void createHost() {
    host = new RoutingHost();
  }

  @AfterAll
  static void closeHost() {
    host.close();
  }
}
