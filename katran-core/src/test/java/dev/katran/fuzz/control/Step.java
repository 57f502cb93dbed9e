package dev.katran.fuzz.control;

import dev.katran.Vip;
import dev.katran.VipKey;
import java.time.Duration;
import java.util.List;

/** What may happen to a balancer. A step does not depend on others, so that any may be left out. */
sealed interface Step {

  /** A VIP is installed or changed. */
  record Put(Vip vip) implements Step {}

  /** A VIP is removed, if it is installed. */
  record Remove(VipKey vip) implements Step {}

  /** All VIPs become these. */
  record Apply(List<Vip> vips) implements Step {}

  /** Time passes, in which nothing is done. */
  record Pass(Duration time) implements Step {}

  /** What is done every second is done. */
  record Tick() implements Step {}

  /** A packet comes in. */
  record Send(Segment segment) implements Step {}

  /** A packet of every open flow comes in. */
  record SendOfAll() implements Step {}

  /** So many connections of one client begin. */
  record Flood(VipKey vip, int syns) implements Step {}

  /** So much time passes without a packet that everything is as if nothing had changed. */
  record Rest() implements Step {}
}
