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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A model of a balancer that holds only what the design guarantees. */
final class Model {

  private final Map<VipKey, VipModel> vips = new LinkedHashMap<>();

  private Duration now = Duration.ZERO;

  void put(Vip vip) {
    VipModel known = vips.get(vip.key());
    if (known == null) {
      vips.put(vip.key(), new VipModel(vip));
    } else {
      known.change(vip);
    }
  }

  void remove(VipKey vip) {
    vips.remove(vip);
  }

  void apply(List<Vip> all) {
    vips.keySet().retainAll(all.stream().map(Vip::key).toList());
    all.forEach(this::put);
  }

  void advanceTime(Duration time) {
    now = now.plus(time);
  }

  /** Records that all changes have completed and all flow entries have expired. */
  void quiesce() {
    vips.values().forEach(VipModel::quiesce);
  }

  /** Returns the flows that have a backend, except those of a flood, which never send again. */
  List<Flow> openFlows() {
    return vips.values().stream()
        .flatMap(vip -> vip.openFlows().stream())
        .filter(flow -> !Fixtures.isAttack(flow))
        .toList();
  }

  /**
   * Checks the outcome of a packet and updates the model.
   *
   * @param route the route of the flow just before the packet arrived
   */
  void check(FlowPacket packet, Route route, Outcome outcome) {
    VipModel vip = vips.get(Fixtures.vipOf(packet.flow()));
    if (vip == null) {
      assertThat(outcome.verdict()).as("verdict of %s", packet).isEqualTo(Verdict.PASS);
      assertThat(route.reason()).isEqualTo(Route.Reason.NO_VIP);
      return;
    }
    if (isPredictedByRoute(packet, route, vip)) {
      assertThat(outcome.backend())
          .as("backend of %s, predicted by %s", packet, route)
          .isEqualTo(route.backend().map(backend -> backend.address()).orElse(null));
    }
    vip.check(packet, outcome.backend(), now);
  }

  /**
   * A route predicts the backend of the first packet of a TCP connection, unless an earlier one
   * with the same ports is in the flow table, and of any UDP packet.
   */
  private static boolean isPredictedByRoute(FlowPacket packet, Route route, VipModel vip) {
    return switch (packet.kind()) {
      case SYN -> vip.tracking() != Tracking.ALWAYS && route.reason() != Route.Reason.FLOW_TABLE;
      case DATA -> !Fixtures.isTcp(packet.flow());
      case RST, ERROR -> false;
    };
  }

  /** Checks the VIPs that a balancer reports and their status. */
  void checkStatus(LoadBalancer lb) {
    assertThat(lb.vips()).extracting(Vip::key).containsExactlyInAnyOrderElementsOf(vips.keySet());
    vips.forEach((key, vip) -> {
      if (vip.isQuiescent()) {
        assertThat(lb.status(key).orElseThrow().isStable())
            .as("%s is stable after all changes have completed", key)
            .isTrue();
      }
    });
  }
}
