package dev.katran.internal.control;

import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Multimaps;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.Configuration;
import dev.katran.DrainResult;
import dev.katran.Finding;
import dev.katran.Health;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Ring;
import dev.katran.Simulation;
import dev.katran.TunnelEndpoint;
import dev.katran.UnresolvedBackend;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.CounterTable;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.nexthop.Resolution;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running state of a load balancer. Changes run one at a time, see {@link Installer}. Readers
 * never wait for a change: they see the last installed state. Code of the application never runs
 * under a lock.
 */
public final class Control implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Control.class);

  private final OpenDataplane open;
  private final Dataplane dataplane;
  private final DataplaneConfig config;
  private final NextHops nextHops;
  private final MonotonicClock clock;
  private final Function<Failure, RuntimeException> exceptions;
  private final Installer installer;
  private final SlotSettler settler;
  private final DrainMonitor drains;
  private final EventBus events;
  private final HealthCheck health;
  private final Ticker ticker;
  private final Ticker.@Nullable Ticking refresher;
  private final LiveTable<Integer, Backend> serverIds;
  private final LiveTable<Prefix, Backend> sourceRoutes;
  private final LiveTable<InetAddress, TunnelEndpoint> tunnelEndpoints;

  /** Null if nothing outlives the process. */
  private final @Nullable StateLog stateLog;

  private final CompletableFuture<Void> handOver = new CompletableFuture<>();
  private volatile boolean isAdopted;

  /** Held by {@link #tick}. */
  private final ReentrantLock ticks = new ReentrantLock();

  /** Runs {@link #tick}. Null until the first change that takes time. */
  private Ticker.@Nullable Ticking ticking;

  /**
   * Creates the control plane of a dataplane. Closing it closes the dataplane.
   *
   * @param exceptions converts a failure to a public exception
   */
  public Control(
      Dataplane dataplane,
      DataplaneConfig config,
      NextHops nextHops,
      MonotonicClock clock,
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
      MonotonicClock clock,
      Ticker ticker,
      Function<Failure, RuntimeException> exceptions,
      int entriesPerStep) {
    this.open = new OpenDataplane(dataplane);
    this.dataplane = dataplane;
    this.config = config;
    this.nextHops = nextHops;
    this.clock = clock;
    this.ticker = ticker;
    this.exceptions = exceptions;
    this.serverIds = new LiveTable<>(this, TableKinds.serverIds(config.limits()));
    this.sourceRoutes = new LiveTable<>(this, TableKinds.sourceRoutes(config.limits()));
    this.tunnelEndpoints =
        new LiveTable<>(this, TableKinds.tunnelEndpoints(config.decapsulation()));
    this.stateLog =
        dataplane
            .journal()
            .map(journal -> new StateLog(journal, dataplane, List.<StateLog.Table>copyOf(tables())))
            .orElse(null);
    this.events = new EventBus(clock);
    this.installer =
        new Installer(open, config, nextHops, clock, stateLog, events, this::settleIfLate);
    this.settler =
        new SlotSettler(dataplane, installer.rings(), config, entriesPerStep, stateLog, events);
    this.drains = new DrainMonitor(dataplane, Control::runCallback, events);
    this.health = new HealthCheck(this, installer, events);
    this.refresher =
        !dataplane.program().attachments().isEmpty() || stateLog != null
            ? ticker.start("next hops", this::refresh)
            : null;
    nextHops.onChange(this::refreshHops);
  }

  private void refresh() {
    if (!open.isClosed()) {
      health.look();
    }
    installer.unfollow();
    checkHandOver();
  }

  private List<LiveTable<?, ?>> tables() {
    return List.of(serverIds, sourceRoutes, tunnelEndpoints);
  }

  /**
   * Continues what an earlier control plane has left in the dataplane, see {@link Takeover}. Must
   * be called once, before any change, if what is in the dataplane outlives the process.
   *
   * @param attach attaches the program, once it fits what is in the tables
   * @return whether there was anything
   */
  public boolean adopt(Runnable attach) {
    try {
      isAdopted =
          new Takeover(this, installer, Objects.requireNonNull(stateLog), tables()).run(attach);
    } catch (Failure e) {
      throw exceptions.apply(e);
    }
    if (state().features().changes()) {
      startTicking();
    }
    return isAdopted;
  }

  /** Returns whether this continues an earlier control plane. */
  public boolean isAdopted() {
    return isAdopted;
  }

  /** Returns a future that completes when another process waits for the dataplane. */
  public CompletableFuture<Void> handOverRequested() {
    return handOver.copy();
  }

  private void checkHandOver() {
    if (!handOver.isDone() && !open.isClosed() && dataplane.isWanted()) {
      runCallback(() -> handOver.complete(null));
    }
  }

  /** Closes the balancer and removes what would outlive it. */
  public void uninstall() {
    dataplane.forget();
    close();
  }

  /**
   * Calls a listener for each event from now on.
   *
   * @return ends that
   */
  public Runnable subscribe(Consumer<BalancerEvent> listener) {
    open.checkOpen();
    health.look(); // what changes after this is published
    Runnable end = events.subscribe(listener);
    if (open.isClosed()) {
      events.close();
    }
    return end;
  }

  /** Returns whether the balancer does its work. */
  public Health health() {
    try {
      return open.isClosed() ? HealthCheck.CLOSED : health.now();
    } catch (IllegalStateException e) {
      return HealthCheck.CLOSED; // closed meanwhile
    }
  }

  /** Runs code of the application on a thread of its own: it may block, or close the balancer. */
  private static void runCallback(Runnable callback) {
    Thread.ofVirtual().name("katran callback").start(callback);
  }

  /** Returns the installed state. */
  public InstalledState state() {
    return installer.state();
  }

  /**
   * Returns the installed state.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  InstalledState openState() {
    open.checkOpen();
    return installer.state();
  }

  /**
   * Returns an installed VIP, or null.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public @Nullable Vip openVip(VipKey key) {
    InstalledState.Installed installed = openState().vips().get(key);
    return installed == null ? null : installed.vip();
  }

  /** Returns the ring of an installed VIP; empty if it is not installed. */
  public Optional<Ring> ring(VipKey key) {
    return Optional.ofNullable(state().vips().get(key))
        .map(vip -> installer.rings().get(vip.ring()));
  }

  /** Returns the limits that the dataplane was opened with. */
  public Limits limits() {
    return config.limits();
  }

  /** Returns the configuration that the dataplane was opened with. */
  DataplaneConfig config() {
    return config;
  }

  /** Returns the clock of change windows and drains. */
  MonotonicClock clock() {
    return clock;
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
    return open.get();
  }

  /** Returns the counters. */
  public CounterTable counters() {
    return dataplane().counters();
  }

  /** Returns the counters of all installed VIPs and backends. */
  public TrafficCounts trafficCounts() {
    CounterTable counters = counters();
    InstalledState now = state(); // before the indices, which include those of this state
    return new TrafficCounts(
        now,
        counters.readAll(
            index -> new Counter.OfVip(index, Counter.VipEvent.FORWARDED), installer.vipIndices()),
        counters.readAll(Counter.OfBackend::new, installer.backendIndices()));
  }

  /** Runs the program on a frame without sending it. */
  public Simulation simulate(byte[] frame) {
    return use(() -> dataplane.program().run(frame));
  }

  /** Returns the mean run time of the program on a frame, in nanoseconds. */
  public long measure(MemorySegment frame) {
    return use(() -> dataplane.program().measure(frame));
  }

  /** Returns the file descriptor of the program; empty outside a kernel. */
  public OptionalInt programDescriptor() {
    return use(() -> dataplane.program().descriptor());
  }

  /** Returns the kernel resources in use. */
  public ResourceUsage resources() {
    return use(dataplane::resources);
  }

  /** Returns how the program is attached to its interfaces; empty without an interface. */
  public List<InterfaceState> attachments() {
    return dataplane().program().attachments();
  }

  /**
   * Checks that no VIP of a prefix contains an address of this host, unless it is installed.
   *
   * @throws IllegalArgumentException if one does
   */
  public void checkHostAddresses(Set<VipKey> keys) {
    List<VipKey> prefixes =
        keys.stream()
            .filter(key -> key.prefix().isPresent())
            .filter(key -> !state().vips().containsKey(key))
            .toList();
    Set<InetAddress> addresses =
        prefixes.isEmpty() ? Set.of() : use(() -> dataplane.program().hostAddresses());
    for (VipKey key : prefixes) {
      for (InetAddress own : addresses) {
        if (key.prefix().orElseThrow().contains(own)) {
          throw new IllegalArgumentException(
              "VIP %s contains %s, an address of this host, whose packets would be balanced as well; if that is meant, set coverHostAddresses on the builder"
                  .formatted(key, Addresses.text(own)));
        }
      }
    }
  }

  /** Runs a query and keeps the dataplane open meanwhile. */
  <T> T use(Supplier<T> query) {
    try {
      return open.use(query);
    } catch (Failure e) {
      throw exceptions.apply(e);
    }
  }

  /**
   * Changes the installed state, all or nothing.
   *
   * @param edit edits the desired state. It may run several times, for different installed states,
   *     and under the lock of changes, so it must not run code of the application
   */
  public void change(Consumer<DesiredState> edit) {
    try {
      installer.change(edit);
    } catch (Failure e) {
      throw exceptions.apply(e);
    } finally {
      tickIfNeeded();
    }
  }

  /**
   * Makes all that can be told equal to a configuration, all or nothing, and writes only what
   * differs.
   */
  public void apply(Configuration configuration) {
    Map<VipKey, Vip> vips = new LinkedHashMap<>();
    configuration.vips().forEach(vip -> vips.put(vip.key(), vip));
    ImmutableSetMultimap.Builder<VipKey, BackendKey> down = ImmutableSetMultimap.builder();
    configuration.downBackends().forEach(down::putAll);
    ImmutableSetMultimap<VipKey, BackendKey> marks = down.build();
    List<Consumer<DesiredState>> tables =
        List.of(
            serverIds.replacing(configuration.serverIds()),
            sourceRoutes.replacing(configuration.sourceRoutes()),
            tunnelEndpoints.replacing(configuration.tunnelEndpoints()));
    change(desired -> {
      desired.replaceAll(vips);
      tables.forEach(table -> table.accept(desired));
      desired.down(marks);
      desired.watch(configuration.watched());
    });
  }

  /** Returns all that the balancer was told, as of one and the same change. */
  public Configuration configuration() {
    Configuration.Builder told = Configuration.builder();
    InstalledState now =
        installer.consistently(() -> {
          told.serverIds(serverIds.copy())
              .sourceRoutes(sourceRoutes.copy())
              .tunnelEndpoints(tunnelEndpoints.copy());
          return state();
        });
    // the watch of a VIP that was removed since begins again with the VIP
    now.watched().filter(now.vips()::containsKey).ifPresent(told::watch);
    return told.vips(now.vipList()).downBackends(Multimaps.asMap(now.down())).build();
  }

  /**
   * Replaces an installed VIP unless it has changed meanwhile.
   *
   * @param before the installed VIP
   * @param after a VIP with the same key
   * @return whether the VIP was replaced
   */
  public boolean replace(Vip before, Vip after) {
    boolean[] replaced = {false};
    change(desired -> {
      replaced[0] = before.equals(desired.vip(before.key()));
      if (replaced[0]) {
        desired.put(after);
      }
    });
    return replaced[0];
  }

  /** Returns whether a failed change, or the clean-up of one, is still to be finished by a tick. */
  public boolean isDirty() {
    return installer.isDirty();
  }

  /** Starts ticking if there is something that a tick advances or repairs. */
  private void tickIfNeeded() {
    if (state().features().changes() || installer.isDirty() || installer.hopUpdates().areNeeded()) {
      startTicking();
    }
  }

  private void startTicking() {
    installer.locked(() -> {
      if (ticking == null && !open.isClosed()) {
        ticking = ticker.start("changes", this::tick);
      }
    });
  }

  /**
   * Advances slot settling and drains by one step, and repairs what failed changes have left. Does
   * nothing if the balancer is closed.
   */
  public void tick() {
    ticks.lock();
    health.working(true);
    try {
      installer.repair();
      installer.unfollow();
      step("settling slots", this::settle);
      step("flow table", () -> dataplane.flows().preserveTimes());
      step("drains", () -> drains.step(state(), clock.now()));
    } finally {
      health.working(false);
      ticks.unlock();
    }
  }

  /** Runs a step of a tick; another step must not depend on it. */
  private void step(String name, Runnable step) {
    try {
      open.run(step);
    } catch (RuntimeException | Error e) {
      if (!open.isClosed()) {
        log.warn("{} failed; tried again in a second", name, e);
      }
    }
  }

  private InstalledState settleIfLate(InstalledState state) {
    return settler.settleIfLate(state, clock.now());
  }

  private void settle() {
    installer.update(state -> settler.settle(state, clock.now()));
    if (settler.scan(clock.now())) {
      installer.update(state -> settler.stabilise(state, clock.now()));
    }
    settler.endStep(state());
  }

  /** Returns a future that completes when a backend of a VIP is quiet, or after a timeout. */
  public CompletableFuture<DrainResult> whenDrained(
      VipKey vip, BackendKey backend, Duration quiet, Duration timeout) {
    open.checkOpen();
    startTicking();
    Duration now = clock.now();
    CompletableFuture<DrainResult> result =
        drains.add(vip, backend, quiet, now, MonotonicClock.after(now, timeout));
    if (open.isClosed()) {
      drains.close();
    }
    return result;
  }

  /** Returns the backends that have no next hop, and so no slots. */
  public List<UnresolvedBackend> unresolved() {
    Map<InetAddress, Resolution> known = nextHops.current();
    List<UnresolvedBackend> unresolved = new ArrayList<>();
    openState()
        .backends()
        .forEach((key, backend) -> {
          if (!backend.delivery().local()
              && known.get(key.address())
                  instanceof Resolution.Unresolved(var reason, String detail)) {
            unresolved.add(new UnresolvedBackend(key, reason, detail));
          }
        });
    return List.copyOf(unresolved);
  }

  /** Looks at what packets depend on besides what the balancer was told. */
  public List<Finding> diagnose() {
    InstalledState now = openState();
    return use(() ->
        new Diagnosis(
                now,
                nextHops.current(),
                dataplane.program().attachments(),
                dataplane.program().surroundings(),
                config.limits().maxPacketSize())
            .findings());
  }

  private void refreshHops() {
    try {
      installer.hopUpdates().update();
    } catch (RuntimeException | Error e) {
      if (!open.isClosed()) {
        log.warn("cannot update next hops yet; tried again every second", e);
      }
    } finally {
      tickIfNeeded();
    }
  }

  @Override
  public void close() {
    installer.locked(open::refuse);
    drains.close();
    events.close();
    try {
      if (ticking != null) {
        ticking.close();
      }
      if (refresher != null) {
        refresher.close();
      }
      nextHops.close();
    } finally {
      ticks.lock();
      try {
        settler.close();
        open.close();
      } finally {
        ticks.unlock();
      }
    }
  }
}
