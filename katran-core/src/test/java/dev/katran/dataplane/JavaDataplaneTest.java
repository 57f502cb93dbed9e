package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.Footprint;
import dev.katran.bpf.generated.Katran;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class JavaDataplaneTest {

  @Nested
  class Parsing extends ParsingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Nested
  class Forwarding extends ForwardingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Nested
  class Gue extends GueContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Nested
  class TooBig extends TooBigContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Nested
  class Hashing extends HashingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Nested
  class Counting extends CountingContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Nested
  class Change extends ChangeContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }

  @Test
  void theFlagsAreThoseOfTheAbi() {
    assertThat(VipFlags.HASH_NO_SOURCE_PORT).isEqualTo(Katran.KATRAN_VIP_HASH_NO_SOURCE_PORT());
    assertThat(VipFlags.HASH_DESTINATION_PORT_ONLY)
        .isEqualTo(Katran.KATRAN_VIP_HASH_DESTINATION_PORT_ONLY());
    assertThat(VipFlags.HASH_BOTH_PORTS).isEqualTo(Katran.KATRAN_VIP_HASH_BOTH_PORTS());
  }

  @Test
  void aRingOfAnotherSizeIsRefused() {
    try (JavaDataplane dataplane = new JavaDataplane(DataplaneContract.CONFIG)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> dataplane.putRing(0, new int[7]))
          .withMessage("a ring of 7 slots, not of 65537");
    }
  }

  @Test
  void itCostsTheKernelNothing() {
    try (JavaDataplane dataplane = new JavaDataplane(DataplaneContract.CONFIG)) {
      assertThat(dataplane.footprint()).isEqualTo(Footprint.NONE);
    }
  }

  @Nested
  class Vips extends VipContract {
    @Override
    Dataplane open(DataplaneConfig config) {
      return new JavaDataplane(config);
    }
  }
}
