package dev.katran.internal.nexthop;

import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NeighbourState;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides when to probe gateways. The kernel confirms and resolves neighbours only for packets of
 * its own, and forgets those that it does not use.
 */
final class Probes {

  /** The least time between two probes of a gateway. */
  static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Map<Gateway, Plan> plans = new HashMap<>();
  private final PriorityQueue<Plan> due = new PriorityQueue<>(Plan::compare);

  private static final class Plan {
    final Gateway gateway;

    /** The time of the next probe while the plan is in the queue. */
    long next;

    @Nullable Long last;

    Plan(Gateway gateway) {
      this.gateway = gateway;
    }

    static int compare(Plan one, Plan other) {
      return Long.signum(one.next - other.next);
    }
  }

  /**
   * Plans the next probe of a gateway.
   *
   * @param entry what the kernel knows about it, or null if nothing
   */
  void plan(Gateway gateway, @Nullable Neighbour entry, long now) {
    Plan plan = plans.computeIfAbsent(gateway, Plan::new);
    due.remove(plan);
    switch (entry == null ? NeighbourState.NONE : entry.state()) {
      case NONE, STALE, FAILED -> {
        plan.next = plan.last == null ? now : later(now, plan.last + INTERVAL.toNanos());
        due.add(plan);
      }
      default -> {
        // It is confirmed, or being asked, or needs no confirmation.
      }
    }
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  /** Plans another probe after one that could not be sent. */
  void failed(Gateway gateway, long now) {
    Plan plan = plans.computeIfAbsent(gateway, Plan::new);
    due.remove(plan);
    plan.next = now + INTERVAL.toNanos();
    due.add(plan);
  }

  /** Returns a gateway to probe now, or null. */
  @Nullable Gateway poll(long now) {
    Plan plan = due.peek();
    if (plan == null || plan.next - now > 0) {
      return null;
    }
    due.remove();
    plan.last = now;
    return plan.gateway;
  }

  /** Returns the time of the next probe, or null if none is planned. */
  @Nullable Long next() {
    Plan plan = due.peek();
    return plan == null ? null : plan.next;
  }

  /** Forgets all gateways but these. */
  void retain(Predicate<Gateway> retained) {
    plans.keySet().removeIf(gateway -> !retained.test(gateway));
    due.removeIf(plan -> !plans.containsKey(plan.gateway));
  }
}
