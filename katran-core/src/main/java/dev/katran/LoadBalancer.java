package dev.katran;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.Hop;
import dev.katran.ffm.NativeException;
import dev.katran.nexthop.NextHops;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An XDP load balancer in this process: packets that come in by an interface for one of its {@link
 * Vip VIPs} are encapsulated and sent to a {@link Backend}, which answers the client directly.
 *
 * <pre>{@code
 * try (LoadBalancer lb = LoadBalancer.on("eth0").open()) {
 *   Vip web = Vip.tcp("203.0.113.10", 443)
 *       .backends(Backend.of("10.0.0.11"), Backend.of("10.0.0.12").weight(2))
 *       .build();
 *   lb.put(web);
 *   lb.put(web.with(Backend.of("10.0.0.13")));
 *   ...
 * }
 * }</pre>
 *
 * <p>Which backend a packet goes to is a function of its flow and of the VIP's {@link Ring} alone:
 * every balancer with the same VIPs and {@link Limits} decides alike, and one that is restarted
 * goes on at once.
 *
 * <p>All methods may be called from any thread. Changes are serialised, take effect for the next
 * packet when the method returns, and are all or nothing: a method that throws has changed nothing.
 * Reads never wait for a change.
 */
public final class LoadBalancer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LoadBalancer.class);

  /** How long a change waits for the next hops of new backends; they may be found later. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final Dataplane dataplane;
  private final Limits limits;
  private final GueConfig gue;
  private final NextHops nextHops;
  private final @Nullable NextHopRefresher refresher;

  private final ReentrantLock changes = new ReentrantLock();

  /** Read while the dataplane is used from outside a change, written while it is closed. */
  private final ReentrantReadWriteLock usage = new ReentrantReadWriteLock();

  private final Numbers vipNumbers = new Numbers(0);
  private final Numbers backendNumbers = new Numbers(Dataplane.NO_BACKEND + 1);

  /** The next hops as the dataplane knows them; guarded by {@code changes}. */
  private final Map<InetAddress, Hop> hops = new HashMap<>();

  private volatile State state = State.EMPTY;
  private volatile boolean closed;

  LoadBalancer(Dataplane dataplane, Limits limits, GueConfig gue, NextHops nextHops) {
    this.dataplane = dataplane;
    this.limits = limits;
    this.gue = gue;
    this.nextHops = nextHops;
    this.refresher = nextHops.changes() ? NextHopRefresher.start(this::refreshNextHops) : null;
  }

  /**
   * A balancer for the packets that come in by a network interface.
   *
   * @param interfaceName its name in the calling thread's network namespace, such as {@code "eth0"}
   */
  public static LoadBalancerBuilder on(String interfaceName) {
    return LoadBalancerBuilder.attached(interfaceName);
  }

  /**
   * A balancer whose program is in the kernel but attached to nothing: it takes only the frames
   * that {@link #simulate} gives it. For trying out a configuration, and for tests of the datapath.
   */
  public static LoadBalancerBuilder detached() {
    return LoadBalancerBuilder.detached();
  }

  /**
   * A balancer in plain Java, which takes only the frames that {@link #simulate} gives it, and does
   * with them what the program in the kernel does, byte for byte. For the tests of applications: it
   * needs no privileges, no libbpf and not even Linux.
   */
  public static LoadBalancerBuilder inMemory() {
    return LoadBalancerBuilder.inMemory();
  }

  /**
   * Installs a VIP, or changes the installed one that has the same address, port and protocol.
   *
   * <p>Waits up to half a second for the next hops of backends that are new. One that is not found
   * by then is looked for again every second; its packets are dropped until it is.
   *
   * @throws IllegalArgumentException if a backend is via GUE and the balancer has no source address
   *     of its family, or if it is reached differently by another VIP
   * @throws LimitExceededException if there would be more VIPs or backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void put(Vip vip) {
    change(vips -> {
      vips.put(vip.key(), vip);
      return true;
    });
  }

  /**
   * Removes a VIP, so that its packets pass to the host.
   *
   * @return whether it was installed
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(VipKey key) {
    return change(vips -> vips.remove(key) != null);
  }

  /** Removes the VIP with this one's address, port and protocol, see {@link #remove(VipKey)}. */
  public boolean remove(Vip vip) {
    return remove(vip.key());
  }

  /**
   * Makes the installed VIPs equal to a list: installs, changes and removes what differs, and
   * touches nothing else.
   *
   * @throws IllegalArgumentException if two VIPs of the list have the same key, or a backend is
   *     reached as {@link #put} would refuse it
   * @throws LimitExceededException if there would be more VIPs or backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void apply(List<Vip> wanted) {
    Map<VipKey, Vip> byKey = new LinkedHashMap<>();
    for (Vip vip : wanted) {
      if (byKey.put(vip.key(), vip) != null) {
        throw new IllegalArgumentException("two VIPs for " + vip.key());
      }
    }
    change(vips -> {
      vips.clear();
      vips.putAll(byKey);
      return true;
    });
  }

  /** The installed VIPs. */
  public List<Vip> vips() {
    return state.vips().values().stream()
        .map(State.Installed::vip)
        .collect(ImmutableList.toImmutableList());
  }

  /** The installed VIP with this key. */
  public Optional<Vip> vip(VipKey key) {
    return Optional.ofNullable(state.vips().get(key)).map(State.Installed::vip);
  }

  /** The ring of the installed VIP with this key. */
  public Optional<Ring> ring(VipKey key) {
    return Optional.ofNullable(state.vips().get(key)).map(State.Installed::ring);
  }

  /** Where the packets of a flow go now, and why. Decided here, by what the program decides by. */
  public Route route(Flow flow) {
    return state.route(flow);
  }

  /**
   * Runs a frame through the dataplane as if it had come in, and says what becomes of it. Nothing
   * is sent; the frame is counted like any other.
   *
   * @param frame an Ethernet frame, from its header on without the frame check sequence; 14 bytes
   *     at least and, for the kernel's sake, about 3500 at most; left as it is
   * @throws IllegalArgumentException if the frame is shorter or longer
   * @throws IllegalStateException if the balancer is closed
   */
  public Simulation simulate(byte[] frame) {
    return use(() -> dataplane.run(frame));
  }

  /**
   * What has been counted; may be kept, and asked again and again.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Counters counters() {
    checkOpen();
    return new Counters(dataplane, () -> state);
  }

  /** What the balancer was opened for. */
  public Limits limits() {
    return limits;
  }

  /**
   * What the balancer costs in the kernel; all zero for one that is {@link #inMemory}.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Footprint footprint() {
    return use(dataplane::footprint);
  }

  /**
   * Detaches the program, so that the interface is as it was, and frees all memory. Packets in
   * flight are finished first. Does nothing if the balancer is closed already.
   */
  @Override
  public void close() {
    changes.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      changes.unlock();
    }
    try {
      if (refresher != null) {
        refresher.close();
      }
      nextHops.close();
    } finally {
      usage.writeLock().lock();
      try {
        dataplane.close();
      } finally {
        usage.writeLock().unlock();
      }
    }
  }

  private <T> T use(Supplier<T> question) {
    usage.readLock().lock();
    try {
      checkOpen();
      return question.get();
    } finally {
      usage.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the load balancer is closed");
    }
  }

  /** What a change does to the VIPs; its answer is passed on. */
  private interface Change {
    boolean applyTo(Map<VipKey, Vip> vips);
  }

  private boolean change(Change change) {
    changes.lock();
    try {
      return tryToChange(change);
    } catch (NativeException e) {
      throw new LoadBalancerException("nothing is changed: " + e.getMessage(), e);
    } finally {
      changes.unlock();
    }
  }

  private boolean tryToChange(Change change) {
    checkOpen();
    Map<VipKey, Vip> wanted = new LinkedHashMap<>();
    state.vips().forEach((key, installed) -> wanted.put(key, installed.vip()));
    boolean answer = change.applyTo(wanted);
    Map<InetAddress, Encapsulation> reached = Transition.backendsOf(wanted.values());
    Set<InetAddress> backends = reached.keySet();
    reached.forEach(this::checkSource);
    checkLimits(wanted.size(), backends.size());
    hops.putAll(resolve(Sets.difference(backends, state.backends().keySet()).immutableCopy()));
    try {
      state = new Transition(dataplane, limits, vipNumbers, backendNumbers, state).to(wanted, hops);
    } finally {
      hops.keySet().retainAll(state.backends().keySet());
    }
    return answer;
  }

  private void checkLimits(int vips, int backends) {
    if (vips > limits.vips()) {
      throw new LimitExceededException(vips + " VIPs are more than the limit of " + limits.vips());
    }
    if (backends > limits.backends()) {
      throw new LimitExceededException(
          backends + " backends are more than the limit of " + limits.backends());
    }
  }

  private void checkSource(InetAddress backend, Encapsulation encapsulation) {
    if (encapsulation instanceof Encapsulation.Gue && gue.sourceTowards(backend) == null) {
      throw new IllegalArgumentException(
          "backend %s via GUE needs an outer source of its family: give the builder a sourceAddress"
              .formatted(Addresses.text(backend)));
    }
  }

  private Map<InetAddress, Hop> resolve(Collection<InetAddress> added) {
    if (added.isEmpty()) {
      return ImmutableMap.of();
    }
    Map<InetAddress, Hop> hops = nextHops.resolve(added, PATIENCE);
    for (InetAddress backend : added) {
      if (!hops.containsKey(backend)) {
        log.warn(
            "no next hop towards backend {} yet: its packets are dropped until there is one",
            Addresses.text(backend));
      }
    }
    return hops;
  }

  /** Asks again for all next hops, and tells the dataplane of those that are new. */
  private void refreshNextHops() {
    Map<InetAddress, Hop> found = nextHops.resolve(state.backends().keySet(), Duration.ZERO);
    changes.lock();
    try {
      if (closed) {
        return;
      }
      state.backends().forEach((address, backend) -> refresh(address, backend, found.get(address)));
    } finally {
      changes.unlock();
    }
  }

  private void refresh(InetAddress address, State.InstalledBackend backend, @Nullable Hop hop) {
    if (hop == null || hop.equals(hops.get(address))) {
      return;
    }
    dataplane.putBackend(backend.number(), new BackendEntry(address, backend.encapsulation(), hop));
    hops.put(address, hop);
    log.info("next hop towards backend {} is now {}", Addresses.text(address), hop.mac());
  }
}
