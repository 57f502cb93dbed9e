package dev.katran.dataplane;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import java.time.Duration;
import java.util.OptionalInt;

/**
 * What is fixed when a dataplane is opened.
 *
 * @param limits how large everything can grow; some are seeds of the hash
 * @param answerTooBig whether who sends frames longer than the limit is told so
 * @param gue the outer headers of GUE, and our own addresses for the strict decapsulation
 * @param trafficClass of the outer headers
 * @param tcpServerIds whether server ids are looked for in TCP options
 * @param decapsulation which tunnels end here
 * @param flowTableCpus the CPUs that have a flow table of their own, each with its NUMA node;
 *     empty: all CPUs share one table
 * @param newFlowsPerSecond how many flows a CPU enters in the flow table in a second at most
 * @param udpIdle how long a UDP flow is remembered that has no packets
 */
public record DataplaneConfig(
    Limits limits,
    boolean answerTooBig,
    GueConfig gue,
    TrafficClass trafficClass,
    boolean tcpServerIds,
    Decapsulation decapsulation,
    ImmutableList<FlowTableCpu> flowTableCpus,
    int newFlowsPerSecond,
    Duration udpIdle) {

  /** As the wire contract has it. */
  public static final int NEW_FLOWS_PER_SECOND = 125_000;

  /** As the wire contract has it. */
  public static final Duration UDP_IDLE = Duration.ofSeconds(30);

  /**
   * A CPU with a flow table of its own.
   *
   * @param cpu from 0
   * @param numaNode where the table's memory is; empty: anywhere
   */
  public record FlowTableCpu(int cpu, OptionalInt numaNode) {}

  /** The limits, with everything off that can be. */
  public static DataplaneConfig of(Limits limits) {
    return new DataplaneConfig(
        limits,
        /* answerTooBig= */ false,
        GueConfig.NONE,
        TrafficClass.copied(),
        /* tcpServerIds= */ false,
        Decapsulation.OFF,
        ImmutableList.of(),
        NEW_FLOWS_PER_SECOND,
        UDP_IDLE);
  }

  /** The sizes, with everything off that can be. */
  public DataplaneConfig(int maxVips, int maxBackends, int ringSize, int maxPacketSize) {
    this(
        new Limits(maxVips, maxBackends, ringSize, maxPacketSize),
        false,
        GueConfig.NONE,
        TrafficClass.copied(),
        false,
        Decapsulation.OFF,
        ImmutableList.of(),
        NEW_FLOWS_PER_SECOND,
        UDP_IDLE);
  }

  int maxVips() {
    return limits.vips();
  }

  int maxBackends() {
    return limits.backends();
  }

  int ringSize() {
    return limits.ringSize();
  }

  int maxPacketSize() {
    return limits.maxPacketSize();
  }

  /** The same with these outer headers of GUE. */
  public DataplaneConfig withGue(GueConfig gue) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        flowTableCpus,
        newFlowsPerSecond,
        udpIdle);
  }

  /** The same with an answer to frames that are too big. */
  public DataplaneConfig withAnswerTooBig() {
    return new DataplaneConfig(
        limits,
        true,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        flowTableCpus,
        newFlowsPerSecond,
        udpIdle);
  }

  /** The same with this traffic class of the outer headers. */
  public DataplaneConfig withTrafficClass(TrafficClass trafficClass) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        flowTableCpus,
        newFlowsPerSecond,
        udpIdle);
  }

  /** The same with server ids from TCP options. */
  public DataplaneConfig withTcpServerIds() {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        true,
        decapsulation,
        flowTableCpus,
        newFlowsPerSecond,
        udpIdle);
  }

  /** The same with these tunnels ending here. */
  public DataplaneConfig withDecapsulation(Decapsulation decapsulation) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        flowTableCpus,
        newFlowsPerSecond,
        udpIdle);
  }

  /** The same with flow tables of their own for these CPUs. */
  public DataplaneConfig withFlowTableCpus(ImmutableList<FlowTableCpu> cpus) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        cpus,
        newFlowsPerSecond,
        udpIdle);
  }

  /** The same with other rules of the flow table. */
  public DataplaneConfig withFlowRules(int newFlowsPerSecond, Duration udpIdle) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        flowTableCpus,
        newFlowsPerSecond,
        udpIdle);
  }
}
