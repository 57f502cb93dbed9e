package dev.katran.metrics;

import dev.katran.Attachment;
import dev.katran.BackendKey;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.VipKey;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What the meters show: a balancer's counters and state, read in one pass.
 *
 * @param attached whether the program is attached, by the name of the interface
 */
record Reading(
    Count sent,
    Count dropped,
    Count passed,
    Map<VipKey, Count> vips,
    Map<BackendKey, Count> backends,
    Map<DropReason, Long> drops,
    Counters.FlowTableCounts flowTable,
    long flowTableCapacity,
    long changingSlots,
    long settledSlots,
    Counters.ByFamily decapsulated,
    Counters.ByFamily pathMtu,
    Counters.ByFamily tooBigSent,
    int unresolved,
    Map<String, Boolean> attached,
    long kernelMemory) {

  /** Reads a balancer. */
  static Reading of(LoadBalancer balancer) {
    Counters counters = balancer.counters();
    Counters.Snapshot traffic = counters.snapshot();
    return new Reading(
        counters.sent(),
        counters.dropped(),
        counters.passed(),
        traffic.vips(),
        traffic.backends(),
        DropReason.read(counters),
        counters.flowTable(),
        balancer.limits().flowTableSize(),
        traffic.changingSlots(),
        traffic.settledSlots(),
        counters.decapsulation().decapsulated(),
        counters.pathMtu().messages(),
        counters.packetTooBigSent(),
        balancer.unresolved().size(),
        balancer.attachments().stream()
            .collect(Collectors.toMap(Attachment::interfaceName, Attachment::isAttached)),
        balancer.kernelResources().memory());
  }

  /** Reads a balancer again. Once it is closed, returns these counters, and nothing attached. */
  Reading next(LoadBalancer balancer) {
    try {
      return of(balancer);
    } catch (IllegalStateException e) {
      return new Reading(
          sent,
          dropped,
          passed,
          vips,
          backends,
          drops,
          flowTable,
          flowTableCapacity,
          0,
          0,
          decapsulated,
          pathMtu,
          tooBigSent,
          0,
          attached.keySet().stream().collect(Collectors.toMap(name -> name, name -> false)),
          0);
    }
  }
}
