package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.Features;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A change, written down before the first write.
 *
 * @param first writes that packets do not see until the batch is in force
 * @param batch writes that packets see all at once
 * @param longerIdle the idle times so far of VIPs, by index, that get longer ones. Entries that
 *     have expired would be valid again, although their flows may have moved since, so they are
 *     removed before
 * @param cleanUp removes what the new state no longer uses
 * @param state the state that is installed then
 * @param changed the VIPs that are inserted or replaced
 * @param removedVips the VIPs that are removed
 * @param added the backends that are new
 * @param removed the backends that are no longer installed
 * @param vipIndices the indices of new VIPs
 * @param backendIndices the indices of new backends
 * @param start the time at which the windows of the change begin
 */
record Plan(
    List<Operation> first,
    List<Operation> batch,
    Map<Integer, Duration> longerIdle,
    CleanUp cleanUp,
    InstalledState state,
    List<Vip> changed,
    Set<VipKey> removedVips,
    Set<BackendKey> added,
    Set<BackendKey> removed,
    IndexAllocator.Reservation vipIndices,
    IndexAllocator.Reservation backendIndices,
    ChangeWindow.Start start) {

  /** Returns whether anything differs from a state that a later process must find. */
  boolean isChange(InstalledState from, DesiredState desired) {
    return !changed.isEmpty()
        || !removedVips.isEmpty()
        || !desired.writes().isEmpty()
        || !state.down().equals(from.down())
        || !state.watched().equals(from.watched());
  }

  /** Begins the windows of the change, which is in force. */
  void begin(DeadlineTable deadlines, Duration now) {
    start.moveTo(now);
    for (Operation operation : batch) {
      if (operation instanceof Operation.PutRing(int vip, RingState ignored, RingState after)) {
        after.putDeadline(deadlines, vip, now);
      }
    }
  }

  /** Publishes the VIPs that differ from those of the state before. */
  void publish(InstalledState before, EventBus events) {
    if (!events.isObserved()) {
      return;
    }
    for (Vip vip : changed) {
      InstalledState.Installed replaced = before.vips().get(vip.key());
      if (replaced == null) {
        events.publish(BalancerEvent.Kind.VIP_ADDED, vip.key());
      } else if (!replaced.vip().equals(vip)) { // only its next hops changed otherwise
        events.publish(BalancerEvent.Kind.VIP_CHANGED, vip.key());
      }
    }
    removedVips.forEach(key -> events.publish(BalancerEvent.Kind.VIP_REMOVED, key));
  }

  /** Returns the program's features that the plan needs. */
  Features features() {
    return state.features();
  }
}
