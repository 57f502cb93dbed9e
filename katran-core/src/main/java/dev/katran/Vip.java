package dev.katran;

import static java.util.Objects.requireNonNull;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A virtual IP: an address that clients connect to, and the backends that serve it.
 *
 * <pre>{@code
 * Vip web = Vip.tcp("203.0.113.10", 443)
 *     .backends(Backend.of("10.0.0.11"), Backend.of("10.0.0.12").weight(2))
 *     .build();
 * }</pre>
 *
 * <p>A VIP without backends is legal: packets to it are dropped. {@link #with}, {@link #without}
 * and {@link #draining} return changed copies.
 */
public final class Vip {

  private final VipKey key;
  private final List<Backend> backends;
  private final Hashing hashing;
  private final RingAlgorithm algorithm;

  private Vip(VipKey key, List<Backend> backends, Hashing hashing, RingAlgorithm algorithm) {
    this.key = key;
    this.backends = backends;
    this.hashing = hashing;
    this.algorithm = algorithm;
  }

  /**
   * A VIP for one TCP port.
   *
   * @param address IPv4 or IPv6 literal; names are not looked up
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the port is out of range, or the address is no literal, has
   *     a zone, or is IPv4-mapped, unspecified or multicast
   */
  public static Builder tcp(String address, int port) {
    return onePort(address, port, Protocol.TCP);
  }

  /**
   * A VIP for every TCP port for which there is no VIP of its own.
   *
   * @param address IPv4 or IPv6 literal; names are not looked up
   * @throws IllegalArgumentException if the address is no literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public static Builder tcp(String address) {
    return of(new VipKey(Addresses.parse("VIP", address), 0, Protocol.TCP));
  }

  /**
   * A VIP for one UDP port.
   *
   * @param address IPv4 or IPv6 literal; names are not looked up
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the port is out of range, or the address is no literal, has
   *     a zone, or is IPv4-mapped, unspecified or multicast
   */
  public static Builder udp(String address, int port) {
    return onePort(address, port, Protocol.UDP);
  }

  /**
   * A VIP for every UDP port for which there is no VIP of its own.
   *
   * @param address IPv4 or IPv6 literal; names are not looked up
   * @throws IllegalArgumentException if the address is no literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public static Builder udp(String address) {
    return of(new VipKey(Addresses.parse("VIP", address), 0, Protocol.UDP));
  }

  /** A VIP for the destination that the key names. */
  public static Builder of(VipKey key) {
    return new Builder(requireNonNull(key, "key"));
  }

  private static Builder onePort(String address, int port, Protocol protocol) {
    if (port == 0) {
      throw new IllegalArgumentException(
          "VIP port 0 of %s: for every port, leave the port out".formatted(address));
    }
    return of(new VipKey(Addresses.parse("VIP", address), port, protocol));
  }

  /** What tells this VIP from others. */
  public VipKey key() {
    return key;
  }

  /** The address that clients send to. */
  public InetAddress address() {
    return key.address();
  }

  /** The port that clients send to; 0 is every port. */
  public int port() {
    return key.port();
  }

  /** The transport protocol. */
  public Protocol protocol() {
    return key.protocol();
  }

  /** All backends, in the order in which they were given; it has no effect on the ring. */
  public List<Backend> backends() {
    return backends;
  }

  /** What of a flow decides its backend. */
  public Hashing hashing() {
    return hashing;
  }

  /** How slots of the ring are given to backends. */
  public RingAlgorithm algorithm() {
    return algorithm;
  }

  /** This VIP with one more backend, or with this one in place of the one at the same address. */
  public Vip with(Backend backend) {
    List<Backend> changed = new ArrayList<>(backends);
    int index = indexOf(backend.address());
    if (index < 0) {
      changed.add(backend);
    } else {
      changed.set(index, backend);
    }
    return withBackends(changed);
  }

  /**
   * This VIP without the backend at the address, or unchanged if there is none.
   *
   * <p>Open flows of the backend move to others at once.
   *
   * @throws IllegalArgumentException if the address is no literal
   */
  public Vip without(String backend) {
    return without(Addresses.parse("backend", backend));
  }

  /** This VIP without the backend at the address, or unchanged if there is none. */
  public Vip without(InetAddress backend) {
    int index = indexOf(backend);
    if (index < 0) {
      return this;
    }
    List<Backend> changed = new ArrayList<>(backends);
    changed.remove(index);
    return withBackends(changed);
  }

  /**
   * This VIP with one backend draining: no packets go to it any more. Nothing is remembered about
   * flows yet, so that its open ones move to others as new ones do.
   *
   * <p>To have it take flows again, give it to {@link #with} anew.
   *
   * @throws IllegalArgumentException if no backend has the address, or it is no literal
   */
  public Vip draining(String backend) {
    return draining(Addresses.parse("backend", backend));
  }

  /**
   * This VIP with one backend draining: no packets go to it any more. Nothing is remembered about
   * flows yet, so that its open ones move to others as new ones do.
   *
   * @throws IllegalArgumentException if no backend has the address
   */
  public Vip draining(InetAddress backend) {
    int index = indexOf(backend);
    if (index < 0) {
      throw new IllegalArgumentException(
          "%s is not a backend of %s".formatted(Addresses.text(backend), key));
    }
    return with(backends.get(index).draining(true));
  }

  private Vip withBackends(List<Backend> changed) {
    return new Vip(key, List.copyOf(changed), hashing, algorithm);
  }

  private int indexOf(InetAddress backend) {
    for (int i = 0; i < backends.size(); i++) {
      if (backends.get(i).address().equals(backend)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether all is equal, the order of the backends included. */
  @Override
  public boolean equals(Object object) {
    return object instanceof Vip other
        && key.equals(other.key)
        && backends.equals(other.backends)
        && hashing == other.hashing
        && algorithm == other.algorithm;
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, backends, hashing, algorithm);
  }

  /** As in {@code tcp 203.0.113.10:443 [10.0.0.11, 10.0.0.12 weight 2]}; defaults are left out. */
  @Override
  public String toString() {
    return key
        + backends.stream().map(Backend::toString).collect(Collectors.joining(", ", " [", "]"))
        + (hashing == Hashing.FLOW ? "" : " hashing " + hashing)
        + (algorithm == RingAlgorithm.MAGLEV ? "" : " algorithm " + algorithm);
  }

  /** Collects what makes a {@link Vip}; not safe for use by several threads at once. */
  public static final class Builder {

    private final VipKey key;
    private List<Backend> backends = List.of();
    private Hashing hashing = Hashing.FLOW;
    private RingAlgorithm algorithm = RingAlgorithm.MAGLEV;

    private Builder(VipKey key) {
      this.key = key;
    }

    /** The backends, in place of any given before; by default there are none. */
    public Builder backends(Backend... backends) {
      return backends(List.of(backends));
    }

    /** The backends, in place of any given before; by default there are none. */
    public Builder backends(Collection<Backend> backends) {
      this.backends = List.copyOf(backends);
      return this;
    }

    /** What of a flow decides its backend; by default {@link Hashing#FLOW}. */
    public Builder hashing(Hashing hashing) {
      this.hashing = requireNonNull(hashing, "hashing");
      return this;
    }

    /** How slots are given to backends; by default {@link RingAlgorithm#MAGLEV}. */
    public Builder algorithm(RingAlgorithm algorithm) {
      this.algorithm = requireNonNull(algorithm, "algorithm");
      return this;
    }

    /**
     * The VIP.
     *
     * @throws IllegalArgumentException if two backends have the same address
     */
    public Vip build() {
      Set<InetAddress> addresses = new HashSet<>();
      for (Backend backend : backends) {
        if (!addresses.add(backend.address())) {
          throw new IllegalArgumentException(
              "backend %s is given twice for %s".formatted(Addresses.text(backend.address()), key));
        }
      }
      return new Vip(key, backends, hashing, algorithm);
    }
  }
}
