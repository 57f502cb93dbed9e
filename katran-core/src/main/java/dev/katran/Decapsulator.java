package dev.katran;

import com.google.common.collect.ImmutableList;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.KernelDecapsulator;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What a backend's host runs: takes the balancer's encapsulation (IPIP, 6in4 and GUE) off the
 * packets that come in by an interface, before the host's own stack sees them, so that the host
 * needs no tunnel. Everything else is left alone. Unless {@link Builder#destinations} says
 * otherwise, it unwraps whatever tunnel packet comes in, whoever sent it.
 *
 * <p>The host must have the VIPs' addresses, on the loopback interface for instance, and send its
 * answers to the clients directly.
 *
 * <pre>{@code
 * try (Decapsulator decapsulator = Decapsulator.on("eth0").open()) {
 *   ...
 * }
 * }</pre>
 */
public final class Decapsulator implements AutoCloseable {

  /** The port of GUE, 6080, unless said otherwise; see {@link Builder#guePort}. */
  public static final int DEFAULT_GUE_PORT = GueConfig.DEFAULT_PORT;

  private final KernelDecapsulator kernel;

  private Decapsulator(KernelDecapsulator kernel) {
    this.kernel = kernel;
  }

  /**
   * A decapsulator for the packets that come in by a network interface.
   *
   * @param interfaceName its name in the calling thread's network namespace, such as {@code "eth0"}
   */
  public static Builder on(String interfaceName) {
    return new Builder(Objects.requireNonNull(interfaceName));
  }

  /** Says how a {@link Decapsulator} is opened. */
  public static final class Builder {

    private final String interfaceName;
    private int guePort = DEFAULT_GUE_PORT;
    private ImmutableList<InetAddress> destinations = ImmutableList.of();
    private AttachMode attachMode = AttachMode.AUTOMATIC;

    private Builder(String interfaceName) {
      this.interfaceName = interfaceName;
    }

    /**
     * The UDP port that GUE comes to.
     *
     * @param port 1 to 65535; 0 for no GUE
     * @throws IllegalArgumentException if it is something else
     */
    public Builder guePort(int port) {
      if (port < 0 || port > 65535) {
        throw new IllegalArgumentException("the GUE port " + port + " is not in 0..65535");
      }
      this.guePort = port;
      return this;
    }

    /**
     * Takes the encapsulation off only where the outer destination is one of these addresses. For
     * hosts that have other tunnels as well; unless called, every outer destination counts.
     *
     * @param literals IPv4 and IPv6 addresses
     * @throws IllegalArgumentException if one is not a literal address, or none is given
     */
    public Builder destinations(String... literals) {
      if (literals.length == 0) {
        throw new IllegalArgumentException("no destinations are given");
      }
      List<InetAddress> parsed = new ArrayList<>();
      Arrays.stream(literals)
          .forEach(literal -> parsed.add(Addresses.parse("destination", literal)));
      this.destinations = ImmutableList.copyOf(parsed);
      return this;
    }

    /** How the program is attached; {@link AttachMode#AUTOMATIC} unless said otherwise. */
    public Builder attach(AttachMode mode) {
      this.attachMode = Objects.requireNonNull(mode);
      return this;
    }

    /**
     * Loads and attaches the program; packets are decapsulated from then on.
     *
     * @throws LoadBalancerException for the same reasons as {@link LoadBalancerBuilder#open}
     */
    public Decapsulator open() {
      try {
        return new Decapsulator(
            KernelDecapsulator.open(interfaceName, attachMode, guePort, destinations));
      } catch (LibbpfUnavailableException e) {
        throw new LibbpfException(e);
      } catch (NativeException e) {
        throw new LoadBalancerException("the decapsulator is not opened: " + e.getMessage(), e);
      }
    }
  }

  /** Packets of all kinds that were decapsulated; bytes are those of the inner packets. */
  public Count decapsulated() {
    return Arrays.stream(Kind.values()).map(this::decapsulated).reduce(Count.ZERO, Count::plus);
  }

  /**
   * Packets of one kind that were decapsulated; bytes are the inner packet's IPv4 total length, or
   * IPv6 payload length.
   */
  public Count decapsulated(Kind kind) {
    return kernel.count(kind);
  }

  /** Frames that were left alone; bytes are those of the frames. */
  public Count passed() {
    return kernel.passed();
  }

  /** Detaches the program, so that the interface is as it was. Does nothing the second time. */
  @Override
  public void close() {
    kernel.close();
  }

  /** What was taken off. */
  public enum Kind {
    /** IPv4 in IPv4 (RFC 2003). */
    IPIP,
    /** IPv6 in IPv4 (RFC 4213). */
    IPV6_IN_IPV4,
    /** IPv4 in IPv6 (RFC 2473). */
    IPV4_IN_IPV6,
    /** IPv6 in IPv6 (RFC 2473). */
    IPV6_IN_IPV6,
    /** Either in UDP (GUE, variant 1). */
    GUE
  }
}
