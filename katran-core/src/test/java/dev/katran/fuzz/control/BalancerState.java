package dev.katran.fuzz.control;

import dev.katran.BackendKey;
import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.TrackedFlow;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.VipStatus;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The observable state of a balancer.
 *
 * @param flows the tracked flows
 * @param entries the number of entries in the flow table, including those that are not listed
 */
record BalancerState(
    List<Vip> vips, Map<VipKey, Progress> statuses, Map<Flow, FlowState> flows, long entries) {

  /**
   * The state of a tracked flow.
   *
   * @param idle the time since its last packet, in whole units
   */
  record FlowState(VipKey vip, BackendKey backend, long idle) {
    static FlowState of(TrackedFlow flow) {
      return new FlowState(flow.vip(), flow.backend(), flow.idle().dividedBy(Fixtures.UNIT));
    }
  }

  /** A {@link VipStatus} without the capacity of the flow table, in which balancers may differ. */
  record Progress(
      int stable,
      int changing,
      int settled,
      Optional<Instant> settlesAt,
      int extensions,
      long displacedFlows,
      OptionalLong flowTableEntries) {
    static Progress of(VipStatus status) {
      return new Progress(
          status.stable(),
          status.changing(),
          status.settled(),
          status.settlesAt(),
          status.extensions(),
          status.displacedFlows(),
          status.flowTableEntries());
    }
  }

  static BalancerState of(LoadBalancer lb) {
    Map<VipKey, Progress> statuses = new HashMap<>();
    lb.vips()
        .forEach(vip -> statuses.put(vip.key(), Progress.of(lb.status(vip.key()).orElseThrow())));
    Map<Flow, FlowState> flows = new HashMap<>();
    lb.flows().forEach(flow -> flows.put(flow.flow(), FlowState.of(flow)));
    long entries = lb.flows().report(Fixtures.WINDOW).entries();
    return new BalancerState(lb.vips(), statuses, flows, entries);
  }
}
