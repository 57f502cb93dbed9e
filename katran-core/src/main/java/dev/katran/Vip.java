package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A virtual IP: an address that clients connect to, and the backends that serve it. Immutable.
 *
 * {@snippet :
 * Vip web = Vip.tcp("203.0.113.10", 443)
 *     .backends(Backend.of("10.0.0.11"), Backend.of("10.0.0.12").weight(2))
 *     .build();
 * }
 *
 * <p>A VIP without backends is legal: its packets are dropped. {@link #with}, {@link #without} and
 * {@link #draining} return changed copies.
 *
 * @since 0.1.0
 */
public final class Vip {

  /** How a backend is reached if neither it nor its VIP says how. */
  static final Forwarding DEFAULT_FORWARDING = Forwarding.ipip();

  private static final Duration TCP_IDLE_TIME = Duration.ofMinutes(5);
  private static final Duration UDP_IDLE_TIME = Duration.ofSeconds(30);
  private static final Duration MIN_TIME = Duration.ofSeconds(1);
  private static final Duration MAX_TIME = Duration.ofDays(1);

  private final VipKey key;
  private final List<Backend> backends;
  private final Forwarding forwarding;
  private final Hashing hashing;
  private final RingAlgorithm algorithm;
  private final Tracking tracking;
  private final Duration idleTime;
  private final Optional<Duration> changeWindow;
  private final Set<VipOption> options;

  private Vip(Builder from) {
    this.key = from.key;
    this.backends = from.backends.stream().map(each -> each.inVip(from.forwarding)).toList();
    this.forwarding = from.forwarding;
    this.hashing = from.hashing;
    this.algorithm = from.algorithm;
    this.tracking = from.tracking;
    this.idleTime = from.idleTime;
    this.changeWindow = from.changeWindow;
    this.options = EnumSet.copyOf(from.options);
  }

  /**
   * Starts a VIP for one TCP port.
   *
   * @param address IPv4 or IPv6 literal, or a prefix such as {@code 203.0.113.0/24}, which matches
   *     all of its addresses that have no VIP of their own; host names are rejected
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the port is out of range, or the address is not a literal,
   *     has a zone, or is IPv4-mapped, unspecified, loopback, broadcast, multicast or link-local
   *     IPv6
   */
  public static Builder tcp(String address, int port) {
    return of(VipKey.tcp(address, port));
  }

  /**
   * Starts a VIP for one TCP port.
   *
   * @param port 1 to 65535
   * @throws IllegalArgumentException as {@link #tcp(String, int)}
   */
  public static Builder tcp(InetAddress address, int port) {
    return tcp(Addresses.text(Addresses.check("VIP", address)), port);
  }

  /**
   * Starts a VIP for one TCP port.
   *
   * @throws IllegalArgumentException if the socket address is unresolved, or as {@link #tcp(String,
   *     int)}
   */
  public static Builder tcp(InetSocketAddress address) {
    return of(VipKey.of(Protocol.TCP, address));
  }

  /**
   * Starts a VIP for every TCP port that has no VIP of its own.
   *
   * @param address as for {@link #tcp(String, int)}
   * @throws IllegalArgumentException as {@link #tcp(String, int)}
   */
  public static Builder tcp(String address) {
    return of(VipKey.tcp(address));
  }

  /** Starts a VIP for one UDP port, see {@link #tcp(String, int)}. */
  public static Builder udp(String address, int port) {
    return of(VipKey.udp(address, port));
  }

  /** Starts a VIP for one UDP port, see {@link #tcp(InetAddress, int)}. */
  public static Builder udp(InetAddress address, int port) {
    return udp(Addresses.text(Addresses.check("VIP", address)), port);
  }

  /** Starts a VIP for one UDP port, see {@link #tcp(InetSocketAddress)}. */
  public static Builder udp(InetSocketAddress address) {
    return of(VipKey.of(Protocol.UDP, address));
  }

  /** Starts a VIP for every UDP port, see {@link #tcp(String)}. */
  public static Builder udp(String address) {
    return of(VipKey.udp(address));
  }

  /** Starts a VIP with a given key. */
  public static Builder of(VipKey key) {
    return new Builder(requireNonNull(key, "key"));
  }

  private static Duration defaultIdleTime(VipKey key) {
    return key.protocol() == Protocol.TCP ? TCP_IDLE_TIME : UDP_IDLE_TIME;
  }

  /** Returns the VIP's identity. */
  public VipKey key() {
    return key;
  }

  /** Returns the address that clients send to, or the first address of the prefix. */
  public InetAddress address() {
    return key.address();
  }

  /** Returns the port that clients send to; 0 means every port. */
  public int port() {
    return key.port();
  }

  /** Returns the transport protocol. */
  public Protocol protocol() {
    return key.protocol();
  }

  /**
   * Returns all backends in the order in which they were given. The order does not affect the ring.
   */
  public List<Backend> backends() {
    return backends;
  }

  /** Returns the backend with this key, draining or not. */
  public Optional<Backend> backend(BackendKey backend) {
    return backends.stream().filter(each -> each.key().equals(backend)).findFirst();
  }

  /** Returns how those of its backends are reached that {@link Backend#via} does not say it for. */
  public Forwarding forwarding() {
    return forwarding;
  }

  /** Returns which fields of a flow are hashed. */
  public Hashing hashing() {
    return hashing;
  }

  /** Returns how ring slots are assigned to backends. */
  public RingAlgorithm algorithm() {
    return algorithm;
  }

  /** Returns which of its flows are tracked. */
  public Tracking tracking() {
    return tracking;
  }

  /** Returns how long a silent flow counts as open after a change. */
  public Duration idleTime() {
    return idleTime;
  }

  /** Returns how long slots are changing; empty for the balancer's change window. */
  public Optional<Duration> changeWindow() {
    return changeWindow;
  }

  /** Returns whether packets of {@linkplain Backend#local local} backends pass to this host. */
  public boolean localDelivery() {
    return options.contains(VipOption.LOCAL_DELIVERY);
  }

  /** Returns whether QUIC connection ids select the backend. */
  public boolean quic() {
    return options.contains(VipOption.QUIC);
  }

  /** Returns whether UDP stable routing headers select the backend. */
  public boolean udpStableRouting() {
    return options.contains(VipOption.UDP_STABLE_ROUTING);
  }

  /** Returns whether flows move off backends that are marked down. */
  public boolean udpFlowMigration() {
    return options.contains(VipOption.UDP_FLOW_MIGRATION);
  }

  /** Returns whether the source address may select the backend. */
  public boolean sourceRouting() {
    return options.contains(VipOption.SOURCE_ROUTING);
  }

  /** Returns a builder that starts with everything this VIP has. */
  public Builder toBuilder() {
    Builder builder = new Builder(key);
    builder.backends = backends;
    builder.forwarding = forwarding;
    builder.hashing = hashing;
    builder.algorithm = algorithm;
    builder.tracking = tracking;
    builder.idleTime = idleTime;
    builder.changeWindow = changeWindow;
    builder.options.addAll(options);
    return builder;
  }

  /** Returns this VIP with one more backend; a backend with the same key is replaced. */
  public Vip with(Backend backend) {
    requireNonNull(backend, "backend");
    List<Backend> changed = new ArrayList<>(backends);
    int index = indexOf(backend.key());
    if (index < 0) {
      changed.add(backend);
    } else {
      changed.set(index, backend);
    }
    return withBackends(changed);
  }

  /**
   * Returns this VIP without a backend, or this VIP if it has no such backend. The backend's open
   * flows move to other backends at once; see {@link #draining} for the gentle way.
   *
   * @param backend a key as {@link BackendKey#parse} takes it, such as {@code 10.0.0.11}
   * @throws IllegalArgumentException if it is none
   */
  public Vip without(String backend) {
    return without(BackendKey.parse(backend));
  }

  /** Returns this VIP without a backend, see {@link #without(String)}. */
  public Vip without(BackendKey backend) {
    int index = indexOf(backend);
    if (index < 0) {
      return this;
    }
    List<Backend> changed = new ArrayList<>(backends);
    changed.remove(index);
    return withBackends(changed);
  }

  /**
   * Returns this VIP with one backend draining: new flows avoid it. {@linkplain Tracking Tracked}
   * flows stay; those of a VIP that tracks none move to other backends. To end the drain, pass the
   * backend to {@link #with} again.
   *
   * @param backend a key as {@link BackendKey#parse} takes it, such as {@code 10.0.0.11}
   * @throws IllegalArgumentException if the VIP has no such backend, or it is no key
   */
  public Vip draining(String backend) {
    return draining(BackendKey.parse(backend));
  }

  /**
   * Returns this VIP with one backend draining, see {@link #draining(String)}.
   *
   * @throws IllegalArgumentException if the VIP has no such backend
   */
  public Vip draining(BackendKey backend) {
    int index = indexOf(backend);
    if (index < 0) {
      throw new IllegalArgumentException("%s is not a backend of %s".formatted(backend, key));
    }
    return with(backends.get(index).draining(true));
  }

  private Vip withBackends(List<Backend> changed) {
    return toBuilder().backends(changed).build();
  }

  private int indexOf(BackendKey backend) {
    for (int i = 0; i < backends.size(); i++) {
      if (backends.get(i).key().equals(backend)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns whether everything is equal, the order of the backends included. */
  @Override
  public boolean equals(Object object) {
    return object == this
        || (object instanceof Vip other
            && key.equals(other.key)
            && backends.equals(other.backends)
            && forwarding.equals(other.forwarding)
            && hashing == other.hashing
            && algorithm == other.algorithm
            && tracking == other.tracking
            && idleTime.equals(other.idleTime)
            && changeWindow.equals(other.changeWindow)
            && options.equals(other.options));
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        key, backends, forwarding, hashing, algorithm, tracking, idleTime, changeWindow, options);
  }

  /**
   * Returns text such as {@code tcp 203.0.113.10:443 [10.0.0.11, 10.0.0.12 weight 2]}. Settings
   * that have their default value are left out.
   */
  @Override
  public String toString() {
    return key
        + backends.stream().map(Backend::toString).collect(Collectors.joining(", ", " [", "]"))
        + (forwarding.equals(DEFAULT_FORWARDING) ? "" : " via " + forwarding)
        + (hashing == Hashing.FLOW ? "" : " hashing " + hashing)
        + (algorithm == RingAlgorithm.MAGLEV_V2 ? "" : " algorithm " + algorithm)
        + (tracking == Tracking.ADAPTIVE ? "" : " tracking " + tracking)
        + (idleTime.equals(defaultIdleTime(key)) ? "" : " idleTime " + idleTime)
        + changeWindow.map(window -> " changeWindow " + window).orElse("")
        + options.stream().map(option -> " " + option.label()).collect(Collectors.joining());
  }

  /**
   * Builds a {@link Vip}. Not thread-safe.
   *
   * @since 0.1.0
   */
  public static final class Builder {

    private final VipKey key;
    private final Set<VipOption> options = EnumSet.noneOf(VipOption.class);
    private List<Backend> backends = List.of();
    private Forwarding forwarding = DEFAULT_FORWARDING;
    private Hashing hashing = Hashing.FLOW;
    private RingAlgorithm algorithm = RingAlgorithm.MAGLEV_V2;
    private Tracking tracking = Tracking.ADAPTIVE;
    private Duration idleTime;
    private Optional<Duration> changeWindow = Optional.empty();

    private Builder(VipKey key) {
      this.key = key;
      this.idleTime = defaultIdleTime(key);
    }

    /** Sets the backends and discards any set before. The default is none. */
    public Builder backends(Backend... backends) {
      return backends(List.of(requireNonNull(backends, "backends")));
    }

    /** Sets the backends and discards any set before. The default is none. */
    public Builder backends(Collection<Backend> backends) {
      this.backends = List.copyOf(requireNonNull(backends, "backends"));
      return this;
    }

    /**
     * Sets how packets reach those backends that {@link Backend#via} does not say it for. The
     * default is {@link Forwarding#ipip()}.
     */
    public Builder forwarding(Forwarding forwarding) {
      this.forwarding = requireNonNull(forwarding, "forwarding");
      return this;
    }

    /** Sets which fields of a flow are hashed. The default is {@link Hashing#FLOW}. */
    public Builder hashing(Hashing hashing) {
      this.hashing = requireNonNull(hashing, "hashing");
      return this;
    }

    /** Sets how slots are assigned. The default is {@link RingAlgorithm#MAGLEV_V2}. */
    public Builder algorithm(RingAlgorithm algorithm) {
      this.algorithm = requireNonNull(algorithm, "algorithm");
      return this;
    }

    /** Sets which flows are tracked. The default is {@link Tracking#ADAPTIVE}. */
    public Builder tracking(Tracking tracking) {
      this.tracking = requireNonNull(tracking, "tracking");
      return this;
    }

    /**
     * Sets how long a silent flow counts as open after a change, with {@link Tracking#ADAPTIVE}.
     * The default is 5 minutes for TCP and 30 seconds for UDP. A longer time keeps more silent
     * connections in place, and keeps the flow table in use for longer. A time that is shorter than
     * the {@linkplain #changeWindow change window} counts as the window.
     *
     * @param idleTime 1 second to 1 day; fractions of a second are dropped
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder idleTime(Duration idleTime) {
      this.idleTime = Duration.ofSeconds(checkTime("idle time", idleTime).toSeconds());
      return this;
    }

    /**
     * Sets for how long slots are changing after they got another backend, with {@link
     * Tracking#ADAPTIVE}: an open flow that is silent for less than this time stays at its backend.
     * The default is the balancer's {@linkplain LoadBalancerBuilder#changeWindow change window}.
     * Choose it longer than the keepalive timeout of clients and backends, and {@link
     * Limits#flowTableSize} so that the table holds all flows of changed slots that begin in this
     * time. Applies to the next change; slots that are changing already keep their time.
     *
     * @param window 1 second to 1 day
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder changeWindow(Duration window) {
      this.changeWindow = Optional.of(checkTime("change window", window));
      return this;
    }

    private Duration checkTime(String what, Duration time) {
      if (time.compareTo(MIN_TIME) < 0 || time.compareTo(MAX_TIME) > 0) {
        throw new IllegalArgumentException(
            "%s: %s %s is not in %s..%s".formatted(key, what, time, MIN_TIME, MAX_TIME));
      }
      return time;
    }

    /**
     * Routes packets by the {@linkplain LoadBalancer#serverIds server id} in their QUIC connection
     * id, whatever address the client has moved to. A connection id (RFC 9000) of at least 8 bytes
     * carries the id in its first bytes: a version in the top two bits, then 16 bits (version 1),
     * the next three bytes (version 2) or the next four bytes (version 3). A client's first
     * packets, whose id the client made up, and unknown ids are routed as if this were off. The
     * default is off.
     */
    public Builder quic(boolean on) {
      return option(VipOption.QUIC, on);
    }

    /**
     * Routes packets by the {@linkplain LoadBalancer#serverIds server id} in the header that starts
     * their payload: 8 bytes, the first 0x52, the next three the id. With {@link #quic} on as well,
     * applies to packets whose connection id names no backend. The default is off.
     */
    public Builder udpStableRouting(boolean on) {
      return option(VipOption.UDP_STABLE_ROUTING, on);
    }

    /**
     * Moves flows that a server id or the flow table would send to a backend that is {@linkplain
     * LoadBalancer#downBackends marked down} for this VIP. The default is off.
     */
    public Builder udpFlowMigration(boolean on) {
      return option(VipOption.UDP_FLOW_MIGRATION, on);
    }

    /**
     * Sends new flows of clients that match a {@linkplain LoadBalancer#sourceRoutes source route}
     * to the route's backend instead of the ring's. The default is off.
     */
    public Builder sourceRouting(boolean on) {
      return option(VipOption.SOURCE_ROUTING, on);
    }

    /**
     * Passes packets of {@linkplain Backend#local local} backends to this host, unchanged. The
     * default is off.
     */
    public Builder localDelivery(boolean on) {
      return option(VipOption.LOCAL_DELIVERY, on);
    }

    private Builder option(VipOption option, boolean on) {
      if (on) {
        options.add(option);
      } else {
        options.remove(option);
      }
      return this;
    }

    /**
     * Builds the VIP.
     *
     * @throws IllegalArgumentException if two backends have the same key; if an option needs UDP
     *     and the VIP is not UDP; if a backend has a {@linkplain Backend#port port} of its own and
     *     is not reached by {@link Forwarding#rewrite()}; or if one that is has an address of the
     *     other family, has a port of its own although the VIP matches every port, is also there
     *     under another key, or the VIP covers a prefix
     */
    public Vip build() {
      Vip vip = new Vip(this);
      VipChecks.check(vip, options);
      return vip;
    }
  }
}
