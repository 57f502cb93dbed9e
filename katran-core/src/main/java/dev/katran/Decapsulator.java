package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableSet;
import dev.katran.internal.assembly.Assembly;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.AddressFilter;
import dev.katran.internal.dataplane.DecapsulationProgram;
import dev.katran.internal.dataplane.DecapsulationRules;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.IpipSources;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decapsulates packets on a backend's host. Removes the balancer's outer headers (IPIP, 6in4 and
 * GUE) from packets that arrive on an interface, before the host's network stack sees them, so that
 * the host needs no tunnel device. All other packets pass unchanged.
 *
 * <p>The host must have the VIPs' addresses, for example on the loopback interface, and send its
 * answers to the clients directly.
 *
 * {@snippet :
 * try (Decapsulator decapsulator = Decapsulator.on("eth0").open()) {
 *   server.run();
 * }
 * }
 *
 * <p>A tunnel that anyone may use lets anyone send packets with a forged source address behind the
 * filters of the network (CVE-2020-10136). Therefore two conditions must hold, in addition to
 * {@link Builder#destinations}:
 *
 * <ul>
 *   <li>The outer source is one of {@link Builder#sources}. By default these are the balancer's
 *       sources of IPIP. <b>GUE needs the balancers' addresses:</b> {@code
 *       sources("10.0.0.24/29")}.
 *   <li>The inner destination is an address of this host, or one of {@link Builder#vips}.
 * </ul>
 *
 * <p>Outer sources can be forged as well. Drop packets from outside with these sources at the
 * network's edge.
 *
 * @since 0.1.0
 */
public final class Decapsulator implements AutoCloseable {

  /** The default port of GUE, {@value}; see {@link Builder#guePort}. */
  public static final int DEFAULT_GUE_PORT = GueConfig.DEFAULT_PORT;

  private static final AddressFilter IPIP_SOURCES =
      new AddressFilter.Listed(ImmutableSet.copyOf(IpipSources.DEFAULT.prefixes()));

  private final DecapsulationProgram program;
  private final Ticker.@Nullable Ticking refreshing;

  private Decapsulator(DecapsulationProgram program, Ticker.@Nullable Ticking refreshing) {
    this.program = program;
    this.refreshing = refreshing;
  }

  /**
   * Configures a decapsulator for the packets that arrive on a network interface.
   *
   * @param interfaceName in the calling thread's network namespace, such as {@code "eth0"}
   */
  public static Builder on(String interfaceName) {
    return new Builder(requireNonNull(interfaceName, "interfaceName"));
  }

  /**
   * Configures and opens a {@link Decapsulator}. Not thread-safe.
   *
   * @since 0.1.0
   */
  public static final class Builder {

    private final String interfaceName;
    private int guePort = DEFAULT_GUE_PORT;
    private ImmutableSet<InetAddress> destinations = ImmutableSet.of();
    private AddressFilter sources = IPIP_SOURCES;
    private AddressFilter inner = new AddressFilter.OfHost();
    private AttachMode attachMode = AttachMode.AUTOMATIC;

    private Builder(String interfaceName) {
      this.interfaceName = interfaceName;
    }

    /**
     * Sets the UDP port of GUE. The default is {@link #DEFAULT_GUE_PORT}. GUE also needs {@link
     * #sources}.
     *
     * @param port 1 to 65535, or 0 to ignore GUE
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder guePort(int port) {
      if (port < 0 || port > 65535) {
        throw new IllegalArgumentException("GUE port " + port + " is not in 0..65535");
      }
      this.guePort = port;
      return this;
    }

    /**
     * Sets the outer destinations whose packets are decapsulated, for hosts that have other tunnels
     * as well. By default all are.
     *
     * @param literals IPv4 and IPv6 addresses, at least one
     * @throws IllegalArgumentException if one is not a literal, or none is given
     */
    public Builder destinations(String... literals) {
      if (literals.length == 0) {
        throw new IllegalArgumentException("destinations are empty; leave them out to accept all");
      }
      this.destinations =
          Arrays.stream(literals)
              .map(literal -> Addresses.parse("destination", literal))
              .collect(ImmutableSet.toImmutableSet());
      return this;
    }

    /**
     * Sets the outer sources whose packets are decapsulated. Replaces the default and earlier
     * calls; the last of this and {@link #anySource} wins.
     *
     * <p>The default is 172.16.0.0/16 and 100::/96, from which balancers send IPIP. Set the sources
     * for balancers with GUE, whose outer sources are their {@link
     * LoadBalancerBuilder#sourceAddress}, and for balancers with another {@link
     * LoadBalancerBuilder#ipipSourcePrefix}. Backends of both encapsulations name both:
     *
     * {@snippet :
     * builder.sources("172.16.0.0/16", "100::/96", "10.0.0.24/29")
     * }
     *
     * @param cidrs prefixes and addresses, IPv4 and IPv6, at least one
     * @throws IllegalArgumentException if one is malformed, see {@link Prefix#of}, or none is given
     */
    public Builder sources(String... cidrs) {
      this.sources = listed("sources", cidrs, "anySource()");
      return this;
    }

    /**
     * Decapsulates packets from every outer source. Replaces {@link #sources}; the last call wins.
     * Only for networks in which all senders are trusted, because anyone who can send a packet to
     * this host can then put any source address into an inner packet.
     */
    public Builder anySource() {
      this.sources = new AddressFilter.Any();
      return this;
    }

    /**
     * Sets the inner destinations whose packets are decapsulated. Replaces the default and earlier
     * calls; the last of this and {@link #anyInnerDestination} wins.
     *
     * <p>The default is the addresses of this host: those of all interfaces, {@code lo} included,
     * in the network namespace of the thread that calls {@link #open}, except for loopback
     * (127.0.0.0/8, ::1) and link-local addresses. A daemon thread reads them once per second, so
     * that packets to a new VIP are decapsulated after about a second. Set the VIPs to start no
     * thread, or if the host accepts packets to addresses that no interface has, such as a prefix
     * with a local route.
     *
     * @param cidrs prefixes and addresses, IPv4 and IPv6, at least one
     * @throws IllegalArgumentException if one is malformed, see {@link Prefix#of}, or none is given
     */
    public Builder vips(String... cidrs) {
      this.inner = listed("vips", cidrs, "anyInnerDestination()");
      return this;
    }

    /**
     * Decapsulates packets to every inner destination. Replaces {@link #vips}; the last call wins.
     * If the host forwards packets, it then forwards those from tunnels as well.
     */
    public Builder anyInnerDestination() {
      this.inner = new AddressFilter.Any();
      return this;
    }

    private static AddressFilter listed(String setting, String[] cidrs, String toAcceptAll) {
      if (cidrs.length == 0) {
        throw new IllegalArgumentException(
            "%s are empty; leave them out for the default, or call %s to accept all"
                .formatted(setting, toAcceptAll));
      }
      return new AddressFilter.Listed(
          Arrays.stream(cidrs).map(Prefix::of).collect(ImmutableSet.toImmutableSet()));
    }

    /** Sets how the program is attached. The default is {@link AttachMode#AUTOMATIC}. */
    public Builder attach(AttachMode mode) {
      this.attachMode = requireNonNull(mode, "mode");
      return this;
    }

    /**
     * Loads and attaches the program. Packets are decapsulated from then on.
     *
     * @throws LoadBalancerException for the same reasons as {@link LoadBalancerBuilder#open}
     */
    public Decapsulator open() {
      DecapsulationRules rules = new DecapsulationRules(guePort, destinations, sources, inner);
      DecapsulationProgram program =
          Assembly.decapsulator(interfaceName, attachMode, rules, LoadBalancerException::of);
      try {
        return new Decapsulator(
            program,
            rules.followHost() ? Ticker.THREADS.start("host addresses", program::refresh) : null);
      } catch (RuntimeException | Error e) {
        program.close();
        throw e;
      }
    }
  }

  /** Returns decapsulated packets of all kinds; bytes are those of the inner packets. */
  public Count decapsulated() {
    return Arrays.stream(TunnelKind.values())
        .map(this::decapsulated)
        .reduce(Count.ZERO, Count::plus);
  }

  /**
   * Returns decapsulated packets of one kind; bytes are the inner packet's IPv4 total length or
   * IPv6 payload length.
   */
  public Count decapsulated(TunnelKind kind) {
    return program.count(kind);
  }

  /**
   * Returns packets that were dropped because a router marked the outer header as congested (CE)
   * although the sender of the inner packet does not understand such marks (RFC 6040, section 4.2);
   * bytes as for decapsulated packets.
   */
  public Count congestionDrops() {
    return program.congested();
  }

  /** Returns frames that passed unchanged; bytes are those of the frames. */
  public Count passed() {
    return program.passed();
  }

  /** Returns how the program is attached to its interface. */
  public Attachment attachment() {
    return LoadBalancer.attachment(program.attachment());
  }

  /** Detaches the program, which leaves the interface as it was. Does nothing the second time. */
  @Override
  public void close() {
    if (refreshing != null) {
      refreshing.close();
    }
    program.close();
  }
}
