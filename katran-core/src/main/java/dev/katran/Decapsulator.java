package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.katran.internal.assembly.Assembly;
import dev.katran.internal.dataplane.DecapsulationProgram;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * Decapsulates packets on a backend's host. Removes the balancer's outer headers (IPIP, 6in4 and
 * GUE) from packets that arrive on an interface, before the host's network stack sees them, so that
 * the host needs no tunnel device. All other packets pass. Unless {@link Builder#destinations} is
 * set, it decapsulates every tunnel packet, from any source.
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
 * @since 0.1.0
 */
public final class Decapsulator implements AutoCloseable {

  /** The default port of GUE, {@value}; see {@link Builder#guePort}. */
  public static final int DEFAULT_GUE_PORT = GueConfig.DEFAULT_PORT;

  private final DecapsulationProgram program;

  private Decapsulator(DecapsulationProgram program) {
    this.program = program;
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
    private ImmutableList<InetAddress> destinations = ImmutableList.of();
    private AttachMode attachMode = AttachMode.AUTOMATIC;

    private Builder(String interfaceName) {
      this.interfaceName = interfaceName;
    }

    /**
     * Sets the UDP port of GUE. The default is {@link #DEFAULT_GUE_PORT}.
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
              .collect(ImmutableList.toImmutableList());
      return this;
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
      return new Decapsulator(
          Assembly.decapsulator(
              interfaceName, attachMode, guePort, destinations, LoadBalancerException::of));
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

  /** Returns frames that passed unchanged; bytes are those of the frames. */
  public Count passed() {
    return program.passed();
  }

  /** Detaches the program, which leaves the interface as it was. Does nothing the second time. */
  @Override
  public void close() {
    program.close();
  }
}
