package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.katran.internal.assembly.Assembly;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.net.MacAddress;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Configures and opens a {@link LoadBalancer}. Every setting has a working default. Not
 * thread-safe.
 *
 * @since 0.1.0
 */
public final class LoadBalancerBuilder {

  private static final Duration MIN_CHANGE_WINDOW = Duration.ofSeconds(1);
  private static final Duration MAX_CHANGE_WINDOW = Duration.ofDays(1);

  private enum Kind {
    ATTACHED,
    DETACHED,
    IN_MEMORY
  }

  private final Kind kind;
  private final String interfaceName;
  private Limits limits = Limits.defaults();
  private NextHop nextHop = NextHop.auto();
  private AttachMode attachMode = AttachMode.AUTOMATIC;
  private boolean sendPacketTooBig;
  private GueConfig gue = GueConfig.NONE;
  private boolean tcpServerIds;
  private TrafficClass trafficClass = TrafficClass.copied();
  private Decapsulation decapsulation = Decapsulation.OFF;
  private ImmutableList<ForwardingCore> cores = ImmutableList.of();
  private Duration changeWindow = FlowRules.DEFAULT.changeWindow();

  private LoadBalancerBuilder(Kind kind, String interfaceName) {
    this.kind = kind;
    this.interfaceName = interfaceName;
  }

  static LoadBalancerBuilder attached(String interfaceName) {
    return new LoadBalancerBuilder(Kind.ATTACHED, requireNonNull(interfaceName, "interfaceName"));
  }

  static LoadBalancerBuilder detached() {
    return new LoadBalancerBuilder(Kind.DETACHED, "");
  }

  static LoadBalancerBuilder inMemory() {
    return new LoadBalancerBuilder(Kind.IN_MEMORY, "");
  }

  /** Sets capacities and the inputs of the flow hash. The default is {@link Limits#defaults}. */
  public LoadBalancerBuilder limits(Limits limits) {
    this.limits = requireNonNull(limits, "limits");
    return this;
  }

  /**
   * Sets how next hops towards backends are found. The default is {@link NextHop#auto()}; a
   * balancer without an interface uses a made-up address then.
   */
  public LoadBalancerBuilder nextHop(NextHop nextHop) {
    this.nextHop = requireNonNull(nextHop, "nextHop");
    return this;
  }

  /** Sets how the program is attached. The default is {@link AttachMode#AUTOMATIC}. */
  public LoadBalancerBuilder attach(AttachMode mode) {
    this.attachMode = requireNonNull(mode, "mode");
    return this;
  }

  /**
   * Sets whether the sender of a frame longer than {@link Limits#maxPacketSize} is told the MTU
   * (ICMP "fragmentation needed", ICMPv6 "packet too big"), so that it sends shorter packets. The
   * default is to drop such frames silently.
   */
  public LoadBalancerBuilder sendPacketTooBig(boolean send) {
    this.sendPacketTooBig = send;
    return this;
  }

  /**
   * Sets the outer source address of {@link Encapsulation#gue() GUE} packets to backends of the
   * same family. Call it once per family; a second call for a family replaces the first. With
   * {@link Decapsulation#STRICT}, tunnels to these addresses end here.
   *
   * @param literal IPv4 or IPv6 address, usually one of this host's
   * @throws IllegalArgumentException if it is not a literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public LoadBalancerBuilder sourceAddress(String literal) {
    return sourceAddress(Addresses.parse("source", literal));
  }

  /**
   * Sets the outer source address of GUE packets, see {@link #sourceAddress(String)}.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified or
   *     multicast
   */
  public LoadBalancerBuilder sourceAddress(InetAddress address) {
    this.gue = gue.withSource(Addresses.checkUnicast("source", address));
    return this;
  }

  /**
   * Sets whether TCP packets are routed by the {@linkplain LoadBalancer#serverIds server id} in a
   * TCP option: kind 0xB7, length 6, the id in little-endian byte order, among the first 15
   * options. SYNs never are. The default is off.
   */
  public LoadBalancerBuilder tcpServerIds(boolean on) {
    this.tcpServerIds = on;
    return this;
  }

  /** Sets the traffic class of outer headers. The default is {@link TrafficClass#copied()}. */
  public LoadBalancerBuilder trafficClass(TrafficClass trafficClass) {
    this.trafficClass = requireNonNull(trafficClass, "trafficClass");
    return this;
  }

  /** Sets which tunnels end at the balancer. The default is {@link Decapsulation#OFF}. */
  public LoadBalancerBuilder decapsulation(Decapsulation decapsulation) {
    this.decapsulation = requireNonNull(decapsulation, "decapsulation");
    return this;
  }

  /**
   * Sets the cores that forward, for hosts that pin receive queues to cores. Each gets a part of
   * the flow table that no other core touches, so a flow is known only on the core on which it
   * began. All other cores share one more table, whose use is counted. By default all cores share
   * one table.
   *
   * @throws IllegalArgumentException if a core is named twice
   */
  public LoadBalancerBuilder forwardingCores(ForwardingCore... cores) {
    if (Arrays.stream(cores).map(ForwardingCore::cpu).distinct().count() < cores.length) {
      throw new IllegalArgumentException("duplicate core in " + Arrays.toString(cores));
    }
    this.cores = ImmutableList.copyOf(cores);
    return this;
  }

  /**
   * Sets how long unknown flows of a slot count as open after the slot got another backend, see
   * {@link Tracking#ADAPTIVE}. Every open flow that sends at least one packet in this time stays at
   * its backend. A VIP may set {@linkplain Vip.Builder#changeWindow a window of its own}. The
   * default is three minutes, more than twice the 75 seconds for which nginx keeps idle connections
   * open. Each CPU's budget of flow table entries for flows of changing slots is renewed once in
   * this time, so it also bounds how much of the table a flood can take.
   *
   * @param window 1 second to 1 day
   * @throws IllegalArgumentException if it is out of range
   */
  public LoadBalancerBuilder changeWindow(Duration window) {
    if (window.compareTo(MIN_CHANGE_WINDOW) < 0 || window.compareTo(MAX_CHANGE_WINDOW) > 0) {
      throw new IllegalArgumentException(
          "change window %s is not in %s..%s"
              .formatted(window, MIN_CHANGE_WINDOW, MAX_CHANGE_WINDOW));
    }
    this.changeWindow = window;
    return this;
  }

  /**
   * Sets the UDP port of GUE, both towards backends and of tunnels that end here. The default is
   * 6080.
   *
   * @param port 1 to 65535
   * @throws IllegalArgumentException if it is out of range
   */
  public LoadBalancerBuilder guePort(int port) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("GUE port " + port + " is not in 1..65535");
    }
    this.gue = gue.withPort(port);
    return this;
  }

  /**
   * Opens the balancer. It has no VIPs yet: all packets pass.
   *
   * @throws UnknownInterfaceException if the interface does not exist
   * @throws InterfaceDownException if it is down
   * @throws XdpHookBusyException if another XDP program is attached to it
   * @throws MissingCapabilityException if the process may not load or attach programs
   * @throws UnsupportedKernelException if this is not Linux, or the kernel is too old
   * @throws LibbpfException if libbpf is missing, older than 1.0, or may not be called
   * @throws LoadBalancerException if the kernel refuses for another reason
   */
  public LoadBalancer open() {
    Assembly assembly = new Assembly(config(), fixedNextHop(), LoadBalancerException::of);
    return new LoadBalancer(
        switch (kind) {
          case IN_MEMORY -> assembly.inMemory();
          case DETACHED -> assembly.detached();
          case ATTACHED -> assembly.attached(interfaceName, attachMode);
        });
  }

  private @Nullable MacAddress fixedNextHop() {
    return nextHop instanceof NextHop.Via via ? via.mac() : null;
  }

  private DataplaneConfig config() {
    return new DataplaneConfig(
        limits,
        sendPacketTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        cores.stream()
            .map(core -> new DataplaneConfig.FlowTableCpu(core.cpu(), core.numaNode()))
            .collect(ImmutableList.toImmutableList()),
        FlowRules.DEFAULT.withChangeWindow(changeWindow));
  }
}
