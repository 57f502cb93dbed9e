package dev.katran;

import com.google.common.collect.ImmutableList;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.FlowRules;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.dataplane.KernelDataplane;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.MacAddress;
import dev.katran.nexthop.NextHops;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;

/** Says how a {@link LoadBalancer} is opened; every setting has a default that works. */
public final class LoadBalancerBuilder {

  /** The Ethernet destination of a balancer that sends nothing, unless it is told another one. */
  private static final MacAddress NOWHERE = MacAddress.parse("02:00:00:00:00:01");

  private static final Duration MIN_CHANGE_WINDOW = Duration.ofSeconds(1);
  private static final Duration MAX_CHANGE_WINDOW = Duration.ofHours(1);

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
  private boolean answerTooBig;
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
    return new LoadBalancerBuilder(Kind.ATTACHED, Objects.requireNonNull(interfaceName));
  }

  static LoadBalancerBuilder detached() {
    return new LoadBalancerBuilder(Kind.DETACHED, "");
  }

  static LoadBalancerBuilder inMemory() {
    return new LoadBalancerBuilder(Kind.IN_MEMORY, "");
  }

  /** How many VIPs and backends there may be, and how large rings and packets are. */
  public LoadBalancerBuilder limits(Limits limits) {
    this.limits = Objects.requireNonNull(limits);
    return this;
  }

  /**
   * Where frames go on their way to the backends; {@link NextHop#auto()} unless said otherwise. A
   * balancer without an interface has nobody to ask, and takes a fixed address then.
   */
  public LoadBalancerBuilder nextHop(NextHop nextHop) {
    this.nextHop = Objects.requireNonNull(nextHop);
    return this;
  }

  /** How the program is attached; {@link AttachMode#AUTOMATIC} unless said otherwise. */
  public LoadBalancerBuilder attach(AttachMode mode) {
    this.attachMode = Objects.requireNonNull(mode);
    return this;
  }

  /**
   * Whether a client that sends a frame longer than {@link Limits#maxPacketSize} is told how long
   * its packets may be (ICMP "fragmentation needed", ICMPv6 "packet too big"), so that it sends
   * shorter ones. Unless called, such frames are dropped in silence.
   */
  public LoadBalancerBuilder answerTooBig(boolean answer) {
    this.answerTooBig = answer;
    return this;
  }

  /**
   * The outer source of what is sent in {@link Encapsulation#gue() GUE}, to backends of the same
   * family. Call it once for each family that has such backends; the second call for a family
   * replaces the first. With {@link Decapsulation#STRICT}, tunnels to these addresses end here.
   *
   * @param literal IPv4 or IPv6 address, as a rule one of this host's
   * @throws IllegalArgumentException if it is no literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public LoadBalancerBuilder sourceAddress(String literal) {
    this.gue = gue.withSource(Addresses.parseUnicast("source", literal));
    return this;
  }

  /**
   * Whether packets of TCP connections go to the backend whose {@linkplain LoadBalancer#serverIds
   * server id} is in a TCP option of theirs: kind 0xB7, length 6, the id in the byte order of
   * little-endian machines, among the first 15 options. SYNs never do. Unless called, no.
   */
  public LoadBalancerBuilder tcpServerIds(boolean use) {
    this.tcpServerIds = use;
    return this;
  }

  /** What the outer headers have as TOS or traffic class; unless called, what the packet has. */
  public LoadBalancerBuilder trafficClass(TrafficClass trafficClass) {
    this.trafficClass = Objects.requireNonNull(trafficClass);
    return this;
  }

  /** Which tunnels end at the balancer; unless called, none. */
  public LoadBalancerBuilder decapsulation(Decapsulation decapsulation) {
    this.decapsulation = Objects.requireNonNull(decapsulation);
    return this;
  }

  /**
   * The cores that forward, on a host that pins its queues to cores: each gets a part of the flow
   * table as its own, which others do not touch. A flow is then known only on the core on which it
   * began. Other cores share one more table, whose use is counted. Unless called, all cores share
   * one table, and a flow is known on whatever core its packets arrive.
   *
   * @throws IllegalArgumentException if a core is named twice
   */
  public LoadBalancerBuilder forwardingCores(ForwardingCore... cores) {
    if (Arrays.stream(cores).map(ForwardingCore::cpu).distinct().count() < cores.length) {
      throw new IllegalArgumentException("a core is named twice: " + Arrays.toString(cores));
    }
    this.cores = ImmutableList.copyOf(cores);
    return this;
  }

  /**
   * How long a balancer takes an unknown flow for an open one after its slot of the ring got
   * another backend, see {@link Tracking#ADAPTIVE}. Every open flow that sends at least one packet
   * in this time stays at its backend. Unless called, a minute.
   *
   * @param window 1 second to 1 hour
   * @throws IllegalArgumentException if it is shorter or longer
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
   * The UDP port that backends take GUE at, and that tunnels come to which end here; 6080 unless
   * said otherwise.
   *
   * @param port 1 to 65535
   * @throws IllegalArgumentException if it is something else
   */
  public LoadBalancerBuilder guePort(int port) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("the GUE port " + port + " is not in 1..65535");
    }
    this.gue = gue.withPort(port);
    return this;
  }

  /**
   * Opens the balancer, with no VIPs yet: all packets pass.
   *
   * @throws UnknownInterfaceException if there is no such interface
   * @throws InterfaceDownException if it is down
   * @throws XdpHookBusyException if somebody else's XDP program is attached to it
   * @throws MissingCapabilityException if the process may not load or attach programs
   * @throws UnsupportedKernelException if this is not Linux, or one that is too old
   * @throws LibbpfException if libbpf is missing or older than 1.0, or may not be called
   * @throws LoadBalancerException if the kernel refuses
   */
  public LoadBalancer open() {
    DataplaneConfig config =
        new DataplaneConfig(
            limits,
            answerTooBig,
            gue,
            trafficClass,
            tcpServerIds,
            decapsulation,
            cores.stream().map(ForwardingCore::toConfig).collect(ImmutableList.toImmutableList()),
            FlowRules.DEFAULT.withChangeWindow(changeWindow));
    try {
      return switch (kind) {
        case IN_MEMORY -> new LoadBalancer(new JavaDataplane(config), config, fixedNextHops());
        case DETACHED ->
            new LoadBalancer(KernelDataplane.detached(config), config, fixedNextHops());
        case ATTACHED ->
            openAttached(KernelDataplane.attached(config, interfaceName, attachMode), config);
      };
    } catch (LibbpfUnavailableException e) {
      throw new LibbpfException(e);
    } catch (NativeException e) {
      throw new LoadBalancerException("the balancer is not opened: " + e.getMessage(), e);
    }
  }

  private LoadBalancer openAttached(KernelDataplane dataplane, DataplaneConfig config) {
    try {
      NextHops nextHops =
          nextHop instanceof NextHop.Auto
              ? NextHops.routed(dataplane.interfaceIndex())
              : fixedNextHops();
      try {
        return new LoadBalancer(dataplane, config, nextHops);
      } catch (RuntimeException | Error e) {
        nextHops.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private NextHops fixedNextHops() {
    MacAddress mac = nextHop instanceof NextHop.Via via ? via.mac() : NOWHERE;
    return NextHops.fixed(new Hop(mac, null));
  }
}
