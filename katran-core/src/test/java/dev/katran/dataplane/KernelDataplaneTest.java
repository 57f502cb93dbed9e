package dev.katran.dataplane;

import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.api.Nested;

@NeedsKernel
class KernelDataplaneTest {

  @Nested
  class Parsing extends ParsingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class Forwarding extends ForwardingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class Gue extends GueContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class TooBig extends TooBigContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class Hashing extends HashingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class Counting extends CountingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class Change extends ChangeContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }

  @Nested
  class Vips extends VipContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return KernelDataplane.detached(config);
    }
  }
}
