package dev.katran.internal.control;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.DrainResult;
import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.TunnelEndpoint;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.CounterTable;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.dataplane.TableCapacity;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.packet.Hop;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running state of a load balancer. Changes run one at a time, each as a {@link Transition} to
 * the desired state. Readers never wait for a change: they see the last installed state.
 */
public final class Control implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Control.class);

  /**
   * How long a change waits for the next hops of new backends. Unresolved ones are retried later.
   */
  private static final Duration NEXT_HOP_TIMEOUT = Duration.ofMillis(500);

  private final Dataplane dataplane;
  private final DataplaneConfig config;
  private final Limits limits;
  private final NextHops nextHops;
  private final Clock clock;
  private final Function<Failure, RuntimeException> exceptions;
  private final SlotSettler settler;
  private final DrainMonitor drains;
  private final Ticker ticker;
  private final Ticker.@Nullable Ticking refresher;
  private final LiveTable<Integer, Backend> serverIds;
  private final LiveTable<Prefix, Backend> sourceRoutes;
  private final LiveTable<InetAddress, TunnelEndpoint> tunnelEndpoints;

  /** Runs {@link #tick}. Null until the first change that takes time. */
  private Ticker.@Nullable Ticking ticking;

  private final ReentrantLock changes = new ReentrantLock();

  /**
   * Read-locked while the dataplane is queried outside a change, write-locked while it is closed.
   */
  private final ReentrantReadWriteLock usage = new ReentrantReadWriteLock();

  private final IndexAllocator vipIndices = new IndexAllocator(0);
  private final IndexAllocator backendIndices = new IndexAllocator(Dataplane.NO_BACKEND + 1);

  /** The next hops in the dataplane. Guarded by {@code changes}. */
  private final Map<InetAddress, Hop> hops = new HashMap<>();

  private volatile InstalledState state = InstalledState.EMPTY;
  private volatile boolean closed;

  /**
   * Creates the control plane of a dataplane. Closing it closes the dataplane.
   *
   * @param exceptions converts a failure to a public exception
   */
  public Control(
      Dataplane dataplane,
      DataplaneConfig config,
      NextHops nextHops,
      Clock clock,
      Ticker ticker,
      Function<Failure, RuntimeException> exceptions) {
    this(dataplane, config, nextHops, clock, ticker, exceptions, SlotSettler.ENTRIES_PER_STEP);
  }

  /**
   * Creates the control plane of a dataplane with another step of the flow table scan, for tests.
   *
   * @param entriesPerStep how many entries {@link #tick} scans, 1 or more
   */
  public Control(
      Dataplane dataplane,
      DataplaneConfig config,
      NextHops nextHops,
      Clock clock,
      Ticker ticker,
      Function<Failure, RuntimeException> exceptions,
      int entriesPerStep) {
    this.dataplane = dataplane;
    this.config = config;
    this.limits = config.limits();
    this.nextHops = nextHops;
    this.clock = clock;
    this.ticker = ticker;
    this.exceptions = exceptions;
    this.settler = new SlotSettler(dataplane, config, entriesPerStep);
    this.drains = new DrainMonitor(dataplane);
    this.serverIds = new LiveTable<>(this, TableKinds.serverIds(limits));
    this.sourceRoutes = new LiveTable<>(this, TableKinds.sourceRoutes(limits));
    this.tunnelEndpoints =
        new LiveTable<>(this, TableKinds.tunnelEndpoints(config.decapsulation()));
    this.refresher =
        nextHops.changes() || dataplane.program().isAttached()
            ? ticker.start("next hops", this::refresh)
            : null;
  }

  /** Returns the installed state. */
  public InstalledState state() {
    return state;
  }

  /** Returns the limits that the dataplane was opened with. */
  public Limits limits() {
    return limits;
  }

  /** Returns the configuration that the dataplane was opened with. */
  DataplaneConfig config() {
    return config;
  }

  /** Returns the server id table. */
  public LiveTable<Integer, Backend> serverIds() {
    return serverIds;
  }

  /** Returns the source route table. */
  public LiveTable<Prefix, Backend> sourceRoutes() {
    return sourceRoutes;
  }

  /** Returns the tunnel endpoint table. */
  public LiveTable<InetAddress, TunnelEndpoint> tunnelEndpoints() {
    return tunnelEndpoints;
  }

  /** Returns the dataplane, for operations that need no lock. */
  Dataplane dataplane() {
    checkOpen();
    return dataplane;
  }

  /** Returns the counters. */
  public CounterTable counters() {
    return dataplane().counters();
  }

  /** Runs the program on a frame without sending it. */
  public Simulation simulate(byte[] frame) {
    return use(() -> dataplane.program().run(frame));
  }

  /** Returns the mean run time of the program on a frame, in nanoseconds. */
  public long measure(MemorySegment frame) {
    return use(() -> dataplane.program().measure(frame));
  }

  /** Returns the kernel resources in use. */
  public ResourceUsage resources() {
    return use(dataplane::resources);
  }

  /** Runs a query and keeps the dataplane open meanwhile. */
  <T> T use(Supplier<T> query) {
    usage.readLock().lock();
    try {
      checkOpen();
      return query.get();
    } catch (Failure e) {
      throw exceptions.apply(e);
    } finally {
      usage.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the load balancer is closed");
    }
  }

  /**
   * Changes the installed state, all or nothing.
   *
   * @param change edits the desired state
   */
  public void change(Consumer<DesiredState> change) {
    change(change, () -> {});
  }

  /**
   * Changes the installed state, all or nothing.
   *
   * @param change edits the desired state
   * @param onSuccess runs after a successful change and before any other change
   */
  void change(Consumer<DesiredState> change, Runnable onSuccess) {
    changes.lock();
    try {
      checkOpen();
      DesiredState desired = new DesiredState(state);
      change.accept(desired);
      install(desired);
      onSuccess.run();
    } catch (Failure e) {
      throw exceptions.apply(withPrefix(e));
    } finally {
      changes.unlock();
    }
  }

  /** Adds to the message of a refused operation that the change was rolled back. */
  private static Failure withPrefix(Failure failure) {
    return failure.kind() == Failure.Kind.REFUSED
        ? failure.withMessage("the change was rolled back: " + failure.getMessage())
        : failure;
  }

  private void install(DesiredState desired) {
    Map<BackendKey, Delivery> deliveries = desired.backends();
    deliveries.forEach(this::checkSource);
    checkLimit("VIPs", desired.vips().size(), limits.vips());
    checkLimit("backends", deliveries.size(), limits.backends());
    checkLimit("marks of down backends", desired.down().size(), TableCapacity.DOWN);
    hops.putAll(
        resolve(addresses(Sets.difference(deliveries.keySet(), state.backends().keySet()))));
    try {
      state =
          new Transition(
                  dataplane,
                  limits,
                  vipIndices,
                  backendIndices,
                  state,
                  desired,
                  clock.instant(),
                  config.flowRules().changeWindow())
              .run(deliveries, hops);
    } finally {
      hops.keySet().retainAll(addresses(state.backends().keySet()));
    }
    if (state.features().changes()) {
      startTicking();
    }
  }

  private static Set<InetAddress> addresses(Set<BackendKey> backends) {
    return backends.stream().map(BackendKey::address).collect(ImmutableSet.toImmutableSet());
  }

  private void startTicking() {
    if (ticking == null) {
      ticking = ticker.start("changes", this::tick);
    }
  }

  /** Advances slot settling and drains by one step. Does nothing if the balancer is closed. */
  public void tick() {
    changes.lock();
    try {
      if (!closed) {
        Instant now = clock.instant();
        state = settler.step(state, now);
        drains.step(state, now);
      }
    } finally {
      changes.unlock();
    }
  }

  /** Returns a future that completes when a backend of a VIP is quiet, or after a timeout. */
  public CompletableFuture<DrainResult> whenDrained(
      VipKey vip, BackendKey backend, Duration quiet, Duration timeout) {
    changes.lock();
    try {
      checkOpen();
      Instant now = clock.instant();
      startTicking();
      return drains.add(vip, backend, quiet, now, now.plus(timeout));
    } finally {
      changes.unlock();
    }
  }

  private static void checkLimit(String what, int count, int limit) {
    if (count > limit) {
      throw new Failure(
          Failure.Kind.LIMIT, "%d %s exceed the limit of %d".formatted(count, what, limit));
    }
  }

  private void checkSource(BackendKey backend, Delivery delivery) {
    if (delivery.encapsulation() instanceof Encapsulation.Gue
        && config.gue().sourceTowards(backend.address()) == null) {
      throw new IllegalArgumentException(
          "backend %s via GUE needs an outer source address of its family; set sourceAddress on the"
                  .formatted(backend)
              + " builder");
    }
  }

  private Map<InetAddress, Hop> resolve(Set<InetAddress> added) {
    if (added.isEmpty()) {
      return ImmutableMap.of();
    }
    Map<InetAddress, Hop> found = nextHops.resolve(added, NEXT_HOP_TIMEOUT);
    for (InetAddress backend : added) {
      if (!found.containsKey(backend)) {
        log.warn(
            "no next hop towards backend {} yet; its packets are dropped until one is found",
            Addresses.text(backend));
      }
    }
    return found;
  }

  /** Resolves all next hops again and updates those that changed in the dataplane. */
  private void refreshNextHops() {
    Map<InetAddress, Hop> found =
        nextHops.resolve(addresses(state.backends().keySet()), Duration.ZERO);
    changes.lock();
    try {
      if (!closed) {
        state
            .backends()
            .forEach((key, backend) -> refresh(key.address(), backend, found.get(key.address())));
      }
    } finally {
      changes.unlock();
    }
  }

  private void refresh() {
    refreshNextHops();
    changes.lock();
    try {
      if (!closed) {
        dataplane.program().adapt();
      }
    } finally {
      changes.unlock();
    }
  }

  private void refresh(
      InetAddress address, InstalledState.InstalledBackend backend, @Nullable Hop hop) {
    if (hop == null || hop.equals(hops.get(address))) {
      return;
    }
    dataplane.backends().put(backend.number(), Transition.entry(address, backend.delivery(), hop));
    hops.put(address, hop);
    log.info("next hop towards backend {} is now {}", Addresses.text(address), hop.mac());
  }

  @Override
  public void close() {
    changes.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      settler.close();
      drains.close();
    } finally {
      changes.unlock();
    }
    try {
      if (ticking != null) {
        ticking.close();
      }
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
}
