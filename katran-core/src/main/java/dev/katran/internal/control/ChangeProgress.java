package dev.katran.internal.control;

import dev.katran.VipKey;
import dev.katran.internal.dataplane.RingSlots;
import java.time.Instant;
import java.util.Optional;

/**
 * The progress of a VIP's ring changes, with the fields of {@link dev.katran.VipStatus}.
 *
 * @param settlesAt when the last changing slot settles; empty if no slot is changing
 */
public record ChangeProgress(
    int stable, int changing, int settled, Optional<Instant> settlesAt, long displacedFlows) {

  /** Returns the progress of a VIP; empty if it is not installed. */
  public static Optional<ChangeProgress> of(Control control, FlowEntries flows, VipKey key) {
    InstalledState.Installed installed = control.state().vips().get(key);
    if (installed == null) {
      return Optional.empty();
    }
    RingSlots slots = installed.slots().slots();
    if (slots.isStable()) {
      return Optional.of(new ChangeProgress(slots.size(), 0, 0, Optional.empty(), 0));
    }
    long[] displaced = {0};
    flows.scan(entry -> {
      if (entry.vip() == installed.number()
          && !slots.isStable(installed.slotOf(entry, control.limits()))
          && installed.pointsElsewhere(entry, control.limits())) {
        displaced[0]++;
      }
    });
    int changing = installed.slots().changing();
    int settled = installed.slots().settled();
    return Optional.of(
        new ChangeProgress(
            slots.size() - changing - settled,
            changing,
            settled,
            installed.slots().until(),
            displaced[0]));
  }
}
