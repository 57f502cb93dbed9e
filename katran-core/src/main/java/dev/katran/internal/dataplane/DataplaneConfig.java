package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.TrafficClass;
import dev.katran.internal.net.MacAddress;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
 * @param flowRules the timeouts and the budget of the flow table
 * @param flowSecret the keys of the flow table's hash functions
 * @param copyDontFragment whether outer IPv4 headers get the DF flag of the packet; IPv6 packets
 *     count as having it
 * @param ipipSources the prefixes of IPIP's outer source addresses
 * @param answersPerSecond the ICMP errors that a CPU sends per second at most, and likewise the
 *     echo replies
 * @param tunnelSources the outer sources whose tunnels may end at the balancer, or none for any
 * @param innerVipsOnly whether packets from tunnels are dropped if they are for no VIP's address,
 *     unless they are sent back out
 * @param reservesFlowTable whether the flow table is allocated at open rather than when the first
 *     program needs it
 * @param own the interface if only frames that are addressed to it are balanced, or null
 * @param moreOwn likewise the interfaces besides the first one, at most {@link
 *     OwnInterface#MAX_MORE}
 * @param hasInterfaces whether frames arrive by several interfaces
 */
public record DataplaneConfig(
    Limits limits,
    boolean sendPacketTooBig,
    GueConfig gue,
    TrafficClass trafficClass,
    boolean tcpServerIds,
    Decapsulation decapsulation,
    ImmutableList<FlowTableCpu> flowTableCpus,
    FlowRules flowRules,
    FlowSecret flowSecret,
    boolean copyDontFragment,
    IpipSources ipipSources,
    int answersPerSecond,
    ImmutableList<Prefix> tunnelSources,
    boolean innerVipsOnly,
    boolean reservesFlowTable,
    @Nullable OwnInterface own,
    ImmutableList<OwnInterface> moreOwn,
    boolean hasInterfaces) {

  /** The default of {@link #answersPerSecond}. */
  public static final int DEFAULT_ANSWERS_PER_SECOND = 1000;

  /**
   * A CPU with a flow table of its own.
   *
   * @param cpu the CPU, from 0
   * @param numaNode the NUMA node of the table's memory, or empty for any
   */
  public record FlowTableCpu(int cpu, OptionalInt numaNode) {}

  /**
   * The interface that frames arrive by.
   *
   * @param ifindex its index. Test runs of the kernel have that of the loopback interface, 1
   * @param mac its MAC address
   */
  public record OwnInterface(int ifindex, MacAddress mac) {

    /** The index of the interface that frames of test runs arrive by. */
    public static final int TEST_RUN = 1;

    /** The interfaces that a program knows besides the first one. */
    public static final int MAX_MORE = 7;
  }

  /** Creates a configuration with these limits and all options off. */
  public static DataplaneConfig of(Limits limits) {
    return new Builder(limits).build();
  }

  /** Returns the number of buckets in each flow table. */
  public int flowBuckets() {
    int tables = Math.max(1, flowTableCpus.size());
    return Math.ceilDiv(limits.flowTableSize(), tables * FlowWord.PER_BUCKET);
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
    builder.flowSecret = flowSecret;
    builder.copyDontFragment = copyDontFragment;
    builder.ipipSources = ipipSources;
    builder.answersPerSecond = answersPerSecond;
    builder.tunnelSources = tunnelSources;
    builder.innerVipsOnly = innerVipsOnly;
    builder.reservesFlowTable = reservesFlowTable;
    builder.own = own;
    builder.moreOwn = moreOwn;
    builder.hasInterfaces = hasInterfaces;
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

    /** See {@link DataplaneConfig#flowSecret}. */
    public FlowSecret flowSecret = FlowSecret.random();

    /** See {@link DataplaneConfig#copyDontFragment}. */
    public boolean copyDontFragment;

    /** See {@link DataplaneConfig#ipipSources}. */
    public IpipSources ipipSources = IpipSources.DEFAULT;

    /** See {@link DataplaneConfig#answersPerSecond}. */
    public int answersPerSecond = DEFAULT_ANSWERS_PER_SECOND;

    /** See {@link DataplaneConfig#tunnelSources}. */
    public ImmutableList<Prefix> tunnelSources = ImmutableList.of();

    /** See {@link DataplaneConfig#innerVipsOnly}. */
    public boolean innerVipsOnly;

    /** See {@link DataplaneConfig#reservesFlowTable}. */
    public boolean reservesFlowTable;

    /** See {@link DataplaneConfig#own}. */
    public @Nullable OwnInterface own;

    /** See {@link DataplaneConfig#moreOwn}. */
    public ImmutableList<OwnInterface> moreOwn = ImmutableList.of();

    /** See {@link DataplaneConfig#hasInterfaces}. */
    public boolean hasInterfaces;

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
          flowRules,
          flowSecret,
          copyDontFragment,
          ipipSources,
          answersPerSecond,
          tunnelSources,
          innerVipsOnly,
          reservesFlowTable,
          own,
          moreOwn,
          hasInterfaces);
    }
  }
}
