package dev.katran;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.dataplane.KernelDataplane;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.MacAddress;
import dev.katran.nexthop.NextHops;
import java.util.Objects;

/** Says how a {@link LoadBalancer} is opened; every setting has a default that works. */
public final class LoadBalancerBuilder {

  /** The Ethernet destination of a balancer that sends nothing, unless it is told another one. */
  private static final MacAddress NOWHERE = MacAddress.parse("02:00:00:00:00:01");

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
   * replaces the first. Without any, the program in the kernel has no code for GUE.
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
   * The UDP port that backends take GUE at; 6080 unless said otherwise.
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
            limits.vips(),
            limits.backends(),
            limits.ringSize(),
            limits.maxPacketSize(),
            answerTooBig,
            gue);
    try {
      return switch (kind) {
        case IN_MEMORY -> open(new JavaDataplane(config), fixedNextHops());
        case DETACHED -> open(KernelDataplane.detached(config), fixedNextHops());
        case ATTACHED -> openAttached(KernelDataplane.attached(config, interfaceName, attachMode));
      };
    } catch (LibbpfUnavailableException e) {
      throw new LibbpfException(e);
    } catch (NativeException e) {
      throw new LoadBalancerException("the balancer is not opened: " + e.getMessage(), e);
    }
  }

  private LoadBalancer openAttached(KernelDataplane dataplane) {
    try {
      return open(
          dataplane,
          nextHop instanceof NextHop.Auto
              ? NextHops.routed(dataplane.interfaceIndex())
              : fixedNextHops());
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private LoadBalancer open(Dataplane dataplane, NextHops nextHops) {
    try {
      return new LoadBalancer(dataplane, limits, gue, nextHops);
    } catch (RuntimeException | Error e) {
      nextHops.close();
      throw e;
    }
  }

  private NextHops fixedNextHops() {
    MacAddress mac = nextHop instanceof NextHop.Via via ? via.mac() : NOWHERE;
    return NextHops.fixed(new Hop(mac, null));
  }
}
