package dev.katran.internal.dataplane.kernel;

import dev.katran.internal.dataplane.BeginningContract;
import dev.katran.internal.dataplane.ChangeContract;
import dev.katran.internal.dataplane.CountingContract;
import dev.katran.internal.dataplane.DataplaneOpener;
import dev.katran.internal.dataplane.EcnContract;
import dev.katran.internal.dataplane.ForwardingContract;
import dev.katran.internal.dataplane.GueContract;
import dev.katran.internal.dataplane.HashingContract;
import dev.katran.internal.dataplane.IcmpContract;
import dev.katran.internal.dataplane.OuterHeaderContract;
import dev.katran.internal.dataplane.ParsingContract;
import dev.katran.internal.dataplane.RewriteContract;
import dev.katran.internal.dataplane.RingContract;
import dev.katran.internal.dataplane.SoundnessContract;
import dev.katran.internal.dataplane.TooBigContract;
import dev.katran.internal.dataplane.TunnelFilterContract;
import dev.katran.internal.dataplane.VipContract;
import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs every contract against the BPF program. */
@NeedsKernel
class KernelDataplaneTest {

  @RegisterExtension
  static final DataplaneOpener OPENER = new DataplaneOpener(KernelDataplane::detached);

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
}
