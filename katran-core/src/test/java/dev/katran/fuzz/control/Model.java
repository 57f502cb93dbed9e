package dev.katran.fuzz.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.Route;
import dev.katran.Tracking;
import dev.katran.Verdict;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the design promises of a balancer. */
final class Model {

  private final Map<VipKey, ServedVip> vips = new LinkedHashMap<>();

  /** When the SYNs came in that may be on the account of the current window. */
  private final Deque<Duration> syns = new ArrayDeque<>();

  private Duration now = Duration.ZERO;

  void put(Vip vip) {
    ServedVip served = vips.get(vip.key());
    if (served == null) {
      vips.put(vip.key(), new ServedVip(vip));
    } else {
      served.change(vip);
    }
  }

  void remove(VipKey vip) {
    vips.remove(vip);
  }

  void apply(List<Vip> all) {
    vips.keySet().retainAll(all.stream().map(Vip::key).toList());
    all.forEach(this::put);
  }

  void pass(Duration time) {
    now = now.plus(time);
    while (!syns.isEmpty() && now.minus(syns.getFirst()).compareTo(Cast.WINDOW) > 0) {
      syns.removeFirst();
    }
  }

  /** How long a flow may have been silent that is still where it was. */
  Duration longestIdle() {
    return vips.values().stream()
        .map(ServedVip::longestIdle)
        .max(Duration::compareTo)
        .orElse(Cast.WINDOW);
  }

  /** A long time has passed. */
  void rest() {
    vips.values().forEach(ServedVip::rest);
  }

  /** The flows that are somewhere, but those of a flood: they say nothing any more. */
  List<Flow> openFlows() {
    return vips.values().stream()
        .flatMap(vip -> vip.openFlows().stream())
        .filter(flow -> !Cast.isAttack(flow))
        .toList();
  }

  /**
   * A packet has come in.
   *
   * @param route what the balancer said before of the flow
   */
  void check(Segment segment, Route route, Answer answer) {
    boolean isSyn = segment.kind() == Segment.Kind.SYN;
    if (isSyn) {
      syns.add(now);
    }
    ServedVip vip = vips.get(Cast.vipOf(segment.flow()));
    if (vip == null) {
      assertThat(answer.verdict()).as("what becomes of %s", segment).isEqualTo(Verdict.PASS);
      assertThat(route.reason()).isEqualTo(Route.Reason.NO_VIP);
      return;
    }
    boolean isFlood = isSyn && syns.size() > Cast.SYNS_PER_WINDOW;
    if (isForetold(segment, vip) && !isFlood) {
      assertThat(answer.backend())
          .as("where %s goes: %s", segment, route)
          .isEqualTo(route.backend().map(backend -> backend.address()).orElse(null));
    }
    vip.check(segment, answer.backend(), now, isFlood);
  }

  /** A route is that of a TCP connection that begins, and of a UDP flow at any time. */
  private static boolean isForetold(Segment segment, ServedVip vip) {
    return switch (segment.kind()) {
      case SYN -> vip.tracking() != Tracking.ALWAYS;
      case DATA -> !Cast.isTcp(segment.flow());
      case RST, ERROR -> false;
    };
  }

  /** Whether what the balancer says of its VIPs can be. */
  void checkStatus(LoadBalancer lb) {
    assertThat(lb.vips()).extracting(Vip::key).containsExactlyInAnyOrderElementsOf(vips.keySet());
    vips.forEach((key, vip) -> {
      if (vip.isAtRest()) {
        assertThat(lb.status(key).orElseThrow().isStable())
            .as("%s is stable when nothing is left to be done", key)
            .isTrue();
      }
    });
  }
}
