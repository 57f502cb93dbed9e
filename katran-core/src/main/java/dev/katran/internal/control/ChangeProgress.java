package dev.katran.internal.control;

import dev.katran.VipKey;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The progress of a VIP's ring changes, with the fields of {@link dev.katran.VipStatus}.
 *
 * @param settlesAt when the last changing slot settles; empty if no slot is changing
 * @param extensions how often the window of a changing slot was extended, at most
 * @param flowTableEntries the live entries of all VIPs; empty if all slots of this VIP are stable
 */
public record ChangeProgress(
    int stable,
    int changing,
    int settled,
    Optional<Instant> settlesAt,
    int extensions,
    long displacedFlows,
    OptionalLong flowTableEntries) {

  /** Returns the progress of a VIP; empty if it is not installed. */
  public static Optional<ChangeProgress> of(Control control, FlowEntries flows, VipKey key) {
    InstalledState state = control.openState();
    InstalledState.Installed installed = state.vips().get(key);
    if (installed == null) {
      return Optional.empty();
    }
    RingState ring = installed.slots();
    int size = ring.slots().size();
    if (ring.changing() + ring.settled() == 0) {
      return Optional.of(
          new ChangeProgress(size, 0, 0, Optional.empty(), 0, 0, OptionalLong.empty()));
    }
    Map<Integer, InstalledState.Installed> vips = new HashMap<>();
    state.vips().values().forEach(each -> vips.put(each.number(), each));
    long[] live = {0};
    long[] displaced = {0};
    flows.scan(entry -> {
      InstalledState.Installed vip = vips.get(entry.vip());
      if (vip == null || !vip.isLive(entry, flows.udpIdle())) {
        return;
      }
      live[0]++;
      if (entry.vip() == installed.number()
          && !ring.slots().isStable(installed.slotOf(entry, control.limits()))
          && installed.pointsElsewhere(entry, control.limits())) {
        displaced[0]++;
      }
    });
    return Optional.of(
        new ChangeProgress(
            size - ring.changing() - ring.settled(),
            ring.changing(),
            ring.settled(),
            ring.until().map(control.clock()::wallTime),
            ring.extensions(),
            displaced[0],
            OptionalLong.of(live[0])));
  }
}
