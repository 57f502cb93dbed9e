package dev.katran.dataplane;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
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
 * @param flowRules the rules of the flow table
 */
public record DataplaneConfig(
    Limits limits,
    boolean answerTooBig,
    GueConfig gue,
    TrafficClass trafficClass,
    boolean tcpServerIds,
    Decapsulation decapsulation,
    ImmutableList<FlowTableCpu> flowTableCpus,
    FlowRules flowRules) {

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
        FlowRules.DEFAULT);
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
        FlowRules.DEFAULT);
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
        flowRules);
  }

  /** The same with an answer to frames that are too big. */
  public DataplaneConfig withAnswerTooBig() {
    return new DataplaneConfig(
        limits, true, gue, trafficClass, tcpServerIds, decapsulation, flowTableCpus, flowRules);
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
        flowRules);
  }

  /** The same with server ids from TCP options. */
  public DataplaneConfig withTcpServerIds() {
    return new DataplaneConfig(
        limits, answerTooBig, gue, trafficClass, true, decapsulation, flowTableCpus, flowRules);
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
        flowRules);
  }

  /** The same with flow tables of their own for these CPUs. */
  public DataplaneConfig withFlowTableCpus(ImmutableList<FlowTableCpu> cpus) {
    return new DataplaneConfig(
        limits, answerTooBig, gue, trafficClass, tcpServerIds, decapsulation, cpus, flowRules);
  }

  /** The same with other rules of the flow table. */
  public DataplaneConfig withFlowRules(FlowRules flowRules) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        flowTableCpus,
        flowRules);
  }
}
