package dev.katran.examples.replay.scenario;

import dev.katran.Decapsulation;
import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.LoadBalancerBuilder;
import dev.katran.NextHop;
import dev.katran.Tracking;
import dev.katran.TrafficClass;
import java.util.List;

/**
 * How a balancer is opened, and what its VIPs and backends have unless they say otherwise.
 *
 * @param nextHop where all frames are sent
 * @param encapsulation of backends
 * @param tracking of VIPs
 * @param limits the seeds of the hash among them
 * @param answersTooBig whether clients are told of frames that are too big
 * @param decapsulation which tunnels end at the balancer
 * @param tcpServerIds whether server ids are looked for in TCP options
 * @param trafficClass of the outer headers
 * @param guePort where GUE is sent to, and taken at
 * @param sources our own addresses: at most one of each family counts
 */
public record Config(
    NextHop nextHop,
    Encapsulation encapsulation,
    Tracking tracking,
    Limits limits,
    boolean answersTooBig,
    Decapsulation decapsulation,
    boolean tcpServerIds,
    TrafficClass trafficClass,
    int guePort,
    List<String> sources) {

  /** Has a balancer opened so. */
  public LoadBalancerBuilder applyTo(LoadBalancerBuilder builder) {
    sources.forEach(builder::sourceAddress);
    return builder
        .nextHop(nextHop)
        .limits(limits)
        .answerTooBig(answersTooBig)
        .decapsulation(decapsulation)
        .tcpServerIds(tcpServerIds)
        .trafficClass(trafficClass)
        .guePort(guePort);
  }
}
