package dev.katran.fuzz.control;

import dev.katran.Vip;
import dev.katran.VipKey;
import java.time.Duration;
import java.util.List;

/**
 * One event in the life of a balancer. Steps are independent, so that any of them can be dropped.
 */
sealed interface Step {

  /** Inserts or replaces a VIP. */
  record Put(Vip vip) implements Step {}

  /** Removes a VIP, if it is installed. */
  record Remove(VipKey vip) implements Step {}

  /** Replaces all VIPs by these. */
  record Apply(List<Vip> vips) implements Step {}

  /** Advances the clock without packets and without a tick. */
  record AdvanceTime(Duration time) implements Step {}

  /** Runs the work that is due every second. */
  record Tick() implements Step {}

  /** Sends a packet. */
  record Send(FlowPacket packet) implements Step {}

  /** Sends a packet of every open flow. */
  record SendToOpenFlows() implements Step {}

  /** Sends that many SYNs from one client address, one per connection. */
  record SynFlood(VipKey vip, int syns) implements Step {}

  /** Lets all changes complete and all flow entries expire. */
  record Quiesce() implements Step {}
}
