package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.dataplane.VipFlags;
import java.net.InetAddress;
import java.time.Duration;
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

  private static final Duration TCP_IDLE_TIME = Duration.ofMinutes(5);
  private static final Duration UDP_IDLE_TIME = Duration.ofSeconds(30);
  private static final Duration MAX_IDLE_TIME = Duration.ofDays(1);

  private final VipKey key;
  private final List<Backend> backends;
  private final Hashing hashing;
  private final RingAlgorithm algorithm;
  private final Tracking tracking;
  private final Duration idleTime;

  /** {@link VipFlags} of what was asked for. */
  private final int options;

  private Vip(Builder from) {
    this.key = from.key;
    this.backends = from.backends;
    this.hashing = from.hashing;
    this.algorithm = from.algorithm;
    this.tracking = from.tracking;
    this.idleTime = from.idleTime;
    this.options = from.options;
  }

  /**
   * A VIP for one TCP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}, for all of
   *     whose addresses the VIP stands that have none of their own; names are not looked up
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
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}, for all of
   *     whose addresses the VIP stands that have none of their own; names are not looked up
   * @throws IllegalArgumentException if the address is no literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public static Builder tcp(String address) {
    return of(VipKey.parse(address, 0, Protocol.TCP));
  }

  /**
   * A VIP for one UDP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}, for all of
   *     whose addresses the VIP stands that have none of their own; names are not looked up
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
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}, for all of
   *     whose addresses the VIP stands that have none of their own; names are not looked up
   * @throws IllegalArgumentException if the address is no literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public static Builder udp(String address) {
    return of(VipKey.parse(address, 0, Protocol.UDP));
  }

  private static Duration defaultIdleTime(VipKey key) {
    return key.protocol() == Protocol.TCP ? TCP_IDLE_TIME : UDP_IDLE_TIME;
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
    return of(VipKey.parse(address, port, protocol));
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

  /** What is remembered of its flows. */
  public Tracking tracking() {
    return tracking;
  }

  /** How long without a packet a flow counts as open after a change. */
  public Duration idleTime() {
    return idleTime;
  }

  /** Whether packets of a {@linkplain Backend#local local} backend pass to this host. */
  public boolean localDelivery() {
    return has(VipFlags.LOCAL);
  }

  /** Whether QUIC connection ids choose the backend. */
  public boolean quic() {
    return has(VipFlags.QUIC);
  }

  /** Whether UDP stable routing headers choose the backend. */
  public boolean udpStableRouting() {
    return has(VipFlags.UDP_STABLE_ROUTING);
  }

  /** Whether flows leave backends that are down. */
  public boolean udpFlowMigration() {
    return has(VipFlags.UDP_FLOW_MIGRATION);
  }

  /** Whether the source address may choose the backend. */
  public boolean sourceRouting() {
    return has(VipFlags.SOURCE_ROUTING);
  }

  private boolean has(int option) {
    return (options & option) != 0;
  }

  /** {@link VipFlags} for the dataplane. */
  int flags() {
    return hashing.flags() | options | (tracking == Tracking.ALWAYS ? VipFlags.TRACKED : 0);
  }

  /** A builder that has all that this VIP has. */
  public Builder toBuilder() {
    Builder builder = new Builder(key);
    builder.backends = backends;
    builder.hashing = hashing;
    builder.algorithm = algorithm;
    builder.tracking = tracking;
    builder.idleTime = idleTime;
    builder.options = options;
    return builder;
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
   * This VIP with one backend draining: no new flows go to it. Those that are {@linkplain Tracking
   * remembered} stay; of a VIP that remembers none, the open ones move to others as new ones do.
   *
   * <p>To have it take flows again, give it to {@link #with} anew.
   *
   * @throws IllegalArgumentException if no backend has the address, or it is no literal
   */
  public Vip draining(String backend) {
    return draining(Addresses.parse("backend", backend));
  }

  /**
   * This VIP with one backend draining: no new flows go to it. Those that are {@linkplain Tracking
   * remembered} stay; of a VIP that remembers none, the open ones move to others as new ones do.
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
    return toBuilder().backends(changed).build();
  }

  /** Whether one of the backends, draining or not, has this address. */
  boolean has(InetAddress backend) {
    return indexOf(backend) >= 0;
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
        && algorithm == other.algorithm
        && tracking == other.tracking
        && idleTime.equals(other.idleTime)
        && options == other.options;
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, backends, hashing, algorithm, tracking, idleTime, options);
  }

  /** As in {@code tcp 203.0.113.10:443 [10.0.0.11, 10.0.0.12 weight 2]}; defaults are left out. */
  @Override
  public String toString() {
    return key
        + backends.stream().map(Backend::toString).collect(Collectors.joining(", ", " [", "]"))
        + (hashing == Hashing.FLOW ? "" : " hashing " + hashing)
        + (algorithm == RingAlgorithm.MAGLEV ? "" : " algorithm " + algorithm)
        + (tracking == Tracking.ADAPTIVE ? "" : " tracking " + tracking)
        + (idleTime.equals(defaultIdleTime(key)) ? "" : " idleTime " + idleTime)
        + (quic() ? " quic" : "")
        + (udpStableRouting() ? " udpStableRouting" : "")
        + (udpFlowMigration() ? " udpFlowMigration" : "")
        + (sourceRouting() ? " sourceRouting" : "")
        + (localDelivery() ? " localDelivery" : "");
  }

  /** Collects what makes a {@link Vip}; not safe for use by several threads at once. */
  public static final class Builder {

    private final VipKey key;
    private List<Backend> backends = List.of();
    private Hashing hashing = Hashing.FLOW;
    private RingAlgorithm algorithm = RingAlgorithm.MAGLEV;
    private Tracking tracking = Tracking.ADAPTIVE;
    private Duration idleTime;
    private int options;

    private Builder(VipKey key) {
      this.key = key;
      this.idleTime = defaultIdleTime(key);
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

    /** What is remembered of its flows; by default {@link Tracking#ADAPTIVE}. */
    public Builder tracking(Tracking tracking) {
      this.tracking = requireNonNull(tracking, "tracking");
      return this;
    }

    /**
     * How long without a packet a flow counts as open after a change, with {@link
     * Tracking#ADAPTIVE}; by default five minutes for TCP, 30 seconds for UDP. The longer, the more
     * connections that say nothing stay where they are, and the longer the flow table is asked. It
     * is never less than the {@linkplain LoadBalancerBuilder#changeWindow window} of changes.
     *
     * @param idleTime 1 second to 1 day; parts of a second do not count
     * @throws IllegalArgumentException if it is shorter or longer
     */
    public Builder idleTime(Duration idleTime) {
      if (idleTime.toSeconds() < 1 || idleTime.compareTo(MAX_IDLE_TIME) > 0) {
        throw new IllegalArgumentException(
            "%s: idle time %s is not in PT1S..%s".formatted(key, idleTime, MAX_IDLE_TIME));
      }
      this.idleTime = Duration.ofSeconds(idleTime.toSeconds());
      return this;
    }

    /**
     * Packets go to the backend whose {@linkplain LoadBalancer#serverIds server id} is in their
     * QUIC connection id, whatever address the client has moved to. An id of 8 bytes or more (RFC
     * 9000) holds it in its first bytes: a version in the upper two bits, then, in version 1, 16
     * bits; in version 2, the next three bytes; in version 3, the next four. A client's first
     * packets, whose ids it made up, and ids that nobody has go where they would without.
     */
    public Builder quic() {
      options |= VipFlags.QUIC;
      return this;
    }

    /**
     * Packets go to the backend whose {@linkplain LoadBalancer#serverIds server id} is in the
     * header that their payload starts with: 8 bytes, the first 0x52, the next three the id. With
     * {@link #quic} as well, those do whose QUIC connection id names no backend.
     */
    public Builder udpStableRouting() {
      options |= VipFlags.UDP_STABLE_ROUTING;
      return this;
    }

    /**
     * Flows that an id or the flow table would send to a backend that is {@linkplain
     * LoadBalancer#downBackends down} for this VIP go to another one.
     */
    public Builder udpFlowMigration() {
      options |= VipFlags.UDP_FLOW_MIGRATION;
      return this;
    }

    /**
     * New flows of clients that {@link LoadBalancer#sourceRoutes} has a prefix of go to its
     * backend, not to the ring's.
     */
    public Builder sourceRouting() {
      options |= VipFlags.SOURCE_ROUTING;
      return this;
    }

    /** Packets of a {@linkplain Backend#local local} backend pass to this host, as they came. */
    public Builder localDelivery() {
      options |= VipFlags.LOCAL;
      return this;
    }

    private static void requireUdp(VipKey key, boolean option, String name) {
      if (option && key.protocol() != Protocol.UDP) {
        throw new IllegalArgumentException("%s: %s is for UDP".formatted(key, name));
      }
    }

    private boolean has(int option) {
      return (options & option) != 0;
    }

    /**
     * The VIP.
     *
     * @throws IllegalArgumentException if two backends have the same address, or an option does not
     *     fit the protocol
     */
    public Vip build() {
      requireUdp(key, has(VipFlags.QUIC), "quic");
      requireUdp(key, has(VipFlags.UDP_STABLE_ROUTING), "udpStableRouting");
      requireUdp(key, has(VipFlags.UDP_FLOW_MIGRATION), "udpFlowMigration");
      Set<InetAddress> addresses = new HashSet<>();
      for (Backend backend : backends) {
        if (!addresses.add(backend.address())) {
          throw new IllegalArgumentException(
              "backend %s is given twice for %s".formatted(Addresses.text(backend.address()), key));
        }
      }
      return new Vip(this);
    }
  }
}
