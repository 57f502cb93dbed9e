package dev.katran.internal.dataplane.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.BeginningContract;
import dev.katran.internal.dataplane.ChangeContract;
import dev.katran.internal.dataplane.CountingContract;
import dev.katran.internal.dataplane.DataplaneContract;
import dev.katran.internal.dataplane.DataplaneOpener;
import dev.katran.internal.dataplane.EcnContract;
import dev.katran.internal.dataplane.ForwardingContract;
import dev.katran.internal.dataplane.GueContract;
import dev.katran.internal.dataplane.HashingContract;
import dev.katran.internal.dataplane.IcmpContract;
import dev.katran.internal.dataplane.OuterHeaderContract;
import dev.katran.internal.dataplane.ParsingContract;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.dataplane.RewriteContract;
import dev.katran.internal.dataplane.RingContract;
import dev.katran.internal.dataplane.SoundnessContract;
import dev.katran.internal.dataplane.TooBigContract;
import dev.katran.internal.dataplane.TunnelFilterContract;
import dev.katran.internal.dataplane.VipContract;
import dev.katran.internal.dataplane.VipFlags;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs every contract against the in-memory dataplane. */
class JavaDataplaneTest {

  @RegisterExtension static final DataplaneOpener OPENER = new DataplaneOpener(JavaDataplane::new);

  @Nested
  class Parsing extends ParsingContract {}

  @Nested
  class Forwarding extends ForwardingContract {}

  @Nested
  class Gue extends GueContract {}

  @Nested
  class TooBig extends TooBigContract {}

  @Nested
  class Hashing extends HashingContract {}

  @Nested
  class Counting extends CountingContract {}

  @Nested
  class Change extends ChangeContract {}

  @Nested
  class Rings extends RingContract {}

  @Nested
  class Vips extends VipContract {}

  @Nested
  class Soundness extends SoundnessContract {}

  @Nested
  class Icmp extends IcmpContract {}

  @Nested
  class Ecn extends EcnContract {}

  @Nested
  class OuterHeaders extends OuterHeaderContract {}

  @Nested
  class TunnelFilter extends TunnelFilterContract {}

  @Nested
  class Beginning extends BeginningContract {}

  @Nested
  class Rewrite extends RewriteContract {}

  @Test
  void flags_hashing_matchTheAbi() {
    assertThat(VipFlags.HASH_NO_SOURCE_PORT).isEqualTo(Katran.KATRAN_VIP_HASH_NO_SOURCE_PORT());
    assertThat(VipFlags.HASH_DESTINATION_PORT_ONLY)
        .isEqualTo(Katran.KATRAN_VIP_HASH_DESTINATION_PORT_ONLY());
    assertThat(VipFlags.HASH_BOTH_PORTS).isEqualTo(Katran.KATRAN_VIP_HASH_BOTH_PORTS());
  }

  @Test
  void putRing_otherSize_throws() {
    try (JavaDataplane dataplane = new JavaDataplane(DataplaneContract.CONFIG)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> dataplane.rings().put(0, new int[7]))
          .withMessageContainingAll("7", "65537");
    }
  }

  @Test
  void resources_always_areNone() {
    try (JavaDataplane dataplane = new JavaDataplane(DataplaneContract.CONFIG)) {
      assertThat(dataplane.resources()).isEqualTo(ResourceUsage.NONE);
    }
  }
}
