package dev.katran.examples.replay.scenario;

import dev.katran.Decapsulation;
import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.LoadBalancerBuilder;
import dev.katran.NextHop;
import dev.katran.Tracking;
import dev.katran.TrafficClass;
import java.util.List;

/**
 * How a balancer is opened, and the defaults of its VIPs and backends.
 *
 * @param nextHop the router that all frames are sent to
 * @param forwarding of backends
 * @param tracking of VIPs
 * @param limits capacities and the inputs of the flow hash
 * @param sendPacketTooBig whether senders of oversized frames are told the MTU
 * @param decapsulation which tunnels end at the balancer
 * @param tcpServerIds whether TCP options may carry server ids
 * @param trafficClass of outer headers
 * @param guePort the UDP port of GUE
 * @param sources outer source addresses of GUE, at most one per family
 */
public record Config(
    NextHop nextHop,
    Forwarding forwarding,
    Tracking tracking,
    Limits limits,
    boolean sendPacketTooBig,
    Decapsulation decapsulation,
    boolean tcpServerIds,
    TrafficClass trafficClass,
    int guePort,
    List<String> sources) {

  /** Configures a builder. */
  public LoadBalancerBuilder applyTo(LoadBalancerBuilder builder) {
    sources.forEach(builder::sourceAddress);
    return builder
        .nextHop(nextHop)
        .limits(limits)
        .sendPacketTooBig(sendPacketTooBig)
        .decapsulation(decapsulation)
        .anyTunnelSource()
        .anyInnerDestination(true)
        .tcpServerIds(tcpServerIds)
        .trafficClass(trafficClass)
        .guePort(guePort);
  }
}
