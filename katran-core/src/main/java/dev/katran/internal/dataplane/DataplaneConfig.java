package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * The settings of a dataplane that are fixed when it is opened.
 *
 * @param limits the capacities and the parameters of the flow hash
 * @param sendPacketTooBig whether to answer oversized frames with ICMP errors that carry the MTU
 * @param gue the outer headers of GUE. Its addresses are also those of strict decapsulation
 * @param trafficClass the traffic class of outer headers
 * @param tcpServerIds whether to route by server ids in TCP options
 * @param decapsulation which tunnels the balancer terminates
 * @param flowTableCpus the CPUs with a flow table of their own, or none if all CPUs share one
 * @param flowRules the timeouts and budgets of the flow table
 */
public record DataplaneConfig(
    Limits limits,
    boolean sendPacketTooBig,
    GueConfig gue,
    TrafficClass trafficClass,
    boolean tcpServerIds,
    Decapsulation decapsulation,
    ImmutableList<FlowTableCpu> flowTableCpus,
    FlowRules flowRules) {

  /**
   * A CPU with a flow table of its own.
   *
   * @param cpu the CPU, from 0
   * @param numaNode the NUMA node of the table's memory, or empty for any
   */
  public record FlowTableCpu(int cpu, OptionalInt numaNode) {}

  /** Creates a configuration with these limits and all options off. */
  public static DataplaneConfig of(Limits limits) {
    return new Builder(limits).build();
  }

  /** Returns a copy with changes applied. */
  public DataplaneConfig with(Consumer<Builder> changes) {
    Builder builder = new Builder(limits);
    builder.sendPacketTooBig = sendPacketTooBig;
    builder.gue = gue;
    builder.trafficClass = trafficClass;
    builder.tcpServerIds = tcpServerIds;
    builder.decapsulation = decapsulation;
    builder.flowTableCpus = flowTableCpus;
    builder.flowRules = flowRules;
    changes.accept(builder);
    return builder.build();
  }

  /** A mutable {@link DataplaneConfig}. */
  public static final class Builder {

    /** See {@link DataplaneConfig#limits}. */
    public Limits limits;

    /** See {@link DataplaneConfig#sendPacketTooBig}. */
    public boolean sendPacketTooBig;

    /** See {@link DataplaneConfig#gue}. */
    public GueConfig gue = GueConfig.NONE;

    /** See {@link DataplaneConfig#trafficClass}. */
    public TrafficClass trafficClass = TrafficClass.copied();

    /** See {@link DataplaneConfig#tcpServerIds}. */
    public boolean tcpServerIds;

    /** See {@link DataplaneConfig#decapsulation}. */
    public Decapsulation decapsulation = Decapsulation.OFF;

    /** See {@link DataplaneConfig#flowTableCpus}. */
    public ImmutableList<FlowTableCpu> flowTableCpus = ImmutableList.of();

    /** See {@link DataplaneConfig#flowRules}. */
    public FlowRules flowRules = FlowRules.DEFAULT;

    /** Creates a builder with these limits and all options off. */
    public Builder(Limits limits) {
      this.limits = limits;
    }

    /** Creates the configuration. */
    public DataplaneConfig build() {
      return new DataplaneConfig(
          limits,
          sendPacketTooBig,
          gue,
          trafficClass,
          tcpServerIds,
          decapsulation,
          flowTableCpus,
          flowRules);
    }
  }
}
