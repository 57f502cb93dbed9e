package dev.katran;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.Hop;
import dev.katran.ffm.NativeException;
import dev.katran.nexthop.NextHops;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running state behind a {@link LoadBalancer}: one change at a time takes the dataplane from
 * what is installed to what is wanted, and readers see what is installed without waiting for it.
 */
final class Control implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Control.class);

  /** How long a change waits for the next hops of new backends; they may be found later. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final Dataplane dataplane;
  private final DataplaneConfig config;
  private final Limits limits;
  private final NextHops nextHops;
  private final Clock clock;
  private final Settling settling;
  private final Drains drains;
  private final Schedule schedule;
  private final Schedule.@Nullable Repeated refresher;

  /** Goes on with what takes time after a change; there is none before the first such change. */
  private Schedule.@Nullable Repeated ticker;

  private final ReentrantLock changes = new ReentrantLock();

  /** Read while the dataplane is used from outside a change, written while it is closed. */
  private final ReentrantReadWriteLock usage = new ReentrantReadWriteLock();

  private final Numbers vipNumbers = new Numbers(0);
  private final Numbers backendNumbers = new Numbers(Dataplane.NO_BACKEND + 1);

  /** The next hops as the dataplane knows them; guarded by {@code changes}. */
  private final Map<InetAddress, Hop> hops = new HashMap<>();

  private volatile State state = State.EMPTY;
  private volatile boolean closed;

  Control(Dataplane dataplane, DataplaneConfig config, NextHops nextHops, Clock clock) {
    this(dataplane, config, nextHops, clock, Schedule.THREADS);
  }

  Control(
      Dataplane dataplane,
      DataplaneConfig config,
      NextHops nextHops,
      Clock clock,
      Schedule schedule) {
    this.dataplane = dataplane;
    this.config = config;
    this.limits = config.limits();
    this.nextHops = nextHops;
    this.clock = clock;
    this.settling = new Settling(dataplane, limits);
    this.drains = new Drains(dataplane);
    this.schedule = schedule;
    this.refresher =
        nextHops.changes() ? schedule.everySecond("next hops", this::refreshNextHops) : null;
  }

  /** What is installed. */
  State state() {
    return state;
  }

  Limits limits() {
    return limits;
  }

  /** What the dataplane was opened with. */
  DataplaneConfig config() {
    return config;
  }

  /** The dataplane, for what may be asked of it without a lock. */
  Dataplane dataplane() {
    checkOpen();
    return dataplane;
  }

  /** Asks the dataplane something; it is not closed meanwhile. */
  <T> T use(Supplier<T> question) {
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

  /**
   * Changes what is installed, all or nothing.
   *
   * @param change makes of what is installed what is wanted
   * @throws LoadBalancerException if the kernel refuses
   */
  void change(Consumer<Wanted> change) {
    change(change, () -> {});
  }

  /**
   * Changes what is installed, all or nothing.
   *
   * @param done is run afterwards if it was all, before any other change
   */
  void change(Consumer<Wanted> change, Runnable done) {
    changes.lock();
    try {
      checkOpen();
      Wanted wanted = new Wanted(state);
      change.accept(wanted);
      install(wanted);
      done.run();
    } catch (NativeException e) {
      throw new LoadBalancerException("nothing is changed: " + e.getMessage(), e);
    } finally {
      changes.unlock();
    }
  }

  private void install(Wanted wanted) {
    Map<InetAddress, Reach> reached = wanted.backends();
    Set<InetAddress> backends = reached.keySet();
    reached.forEach(this::checkSource);
    checkLimits(wanted.vips.size(), backends.size());
    hops.putAll(resolve(Sets.difference(backends, state.backends().keySet()).immutableCopy()));
    try {
      state =
          new Transition(
                  dataplane,
                  limits,
                  vipNumbers,
                  backendNumbers,
                  state,
                  wanted,
                  clock.instant(),
                  config.flowRules().changeWindow())
              .run(reached, hops);
    } finally {
      hops.keySet().retainAll(state.backends().keySet());
    }
    if (state.features().changes()) {
      startTicking();
    }
  }

  private void startTicking() {
    if (ticker == null) {
      ticker = schedule.everySecond("changes", this::tick);
    }
  }

  /** Goes on with what takes time after a change; does nothing if the balancer is closed. */
  void tick() {
    changes.lock();
    try {
      if (!closed) {
        Instant now = clock.instant();
        state = settling.step(state, now);
        drains.step(state, now);
      }
    } finally {
      changes.unlock();
    }
  }

  /** Completes when nothing has arrived for a backend of a VIP for a while, or at a deadline. */
  CompletableFuture<DrainResult> drained(
      VipKey vip, InetAddress backend, Duration quiet, Duration patience) {
    changes.lock();
    try {
      checkOpen();
      Instant now = clock.instant();
      startTicking();
      return drains.add(vip, backend, quiet, now, now.plus(patience));
    } finally {
      changes.unlock();
    }
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

  private void checkSource(InetAddress backend, Reach reach) {
    if (reach.encapsulation() instanceof Encapsulation.Gue
        && config.gue().sourceTowards(backend) == null) {
      throw new IllegalArgumentException(
          "backend %s via GUE needs an outer source of its family: give the builder a sourceAddress"
              .formatted(Addresses.text(backend)));
    }
  }

  private Map<InetAddress, Hop> resolve(Collection<InetAddress> added) {
    if (added.isEmpty()) {
      return ImmutableMap.of();
    }
    Map<InetAddress, Hop> found = nextHops.resolve(added, PATIENCE);
    for (InetAddress backend : added) {
      if (!found.containsKey(backend)) {
        log.warn(
            "no next hop towards backend {} yet: its packets are dropped until there is one",
            Addresses.text(backend));
      }
    }
    return found;
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
    dataplane.putBackend(backend.number(), Transition.entry(address, backend.reach(), hop));
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
      settling.close();
      drains.close();
    } finally {
      changes.unlock();
    }
    try {
      if (ticker != null) {
        ticker.close();
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
