package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@NeedsKernel
class KernelDataplaneTest {

  @Test
  void whatIsOffCostsNoInstructions() {
    DataplaneConfig plain = DataplaneContract.CONFIG;
    int none = instructions(plain);
    int gue = instructions(plain.withGue(GueContract.GUE));
    int tooBig = instructions(plain.withAnswerTooBig());
    int both = instructions(plain.withGue(GueContract.GUE).withAnswerTooBig());
    System.out.printf(
        "instructions: %d; with GUE %d, with answers to what is too big %d, with both %d%n",
        none, gue, tooBig, both);
    assertThat(none).isLessThan(gue).isLessThan(tooBig);
    assertThat(both).isGreaterThan(gue).isGreaterThan(tooBig);
  }

  private static int instructions(DataplaneConfig config) {
    try (Dataplane dataplane = KernelDataplane.detached(config)) {
      return dataplane.footprint().instructions();
    }
  }

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
}
