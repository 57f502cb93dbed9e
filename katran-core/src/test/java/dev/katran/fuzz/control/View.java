package dev.katran.fuzz.control;

import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.TrackedFlow;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.VipStatus;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What can be seen of a balancer without a packet.
 *
 * @param flows what is remembered of flows
 * @param entries how many entries the flow table has, of whatever
 */
record View(
    List<Vip> vips, Map<VipKey, VipStatus> statuses, Map<Flow, Remembered> flows, long entries) {

  /**
   * What is remembered of a flow.
   *
   * @param idle how many whole units it has been without a packet
   */
  record Remembered(VipKey vip, InetAddress backend, long idle) {
    static Remembered of(TrackedFlow flow) {
      return new Remembered(flow.vip(), flow.backend(), flow.idle().dividedBy(Cast.UNIT));
    }
  }

  static View of(LoadBalancer lb) {
    Map<VipKey, VipStatus> statuses = new HashMap<>();
    lb.vips().forEach(vip -> statuses.put(vip.key(), lb.status(vip.key()).orElseThrow()));
    Map<Flow, Remembered> flows = new HashMap<>();
    lb.flows().forEach(flow -> flows.put(flow.flow(), Remembered.of(flow)));
    return new View(lb.vips(), statuses, flows, lb.flows().report(Cast.WINDOW).entries());
  }
}
