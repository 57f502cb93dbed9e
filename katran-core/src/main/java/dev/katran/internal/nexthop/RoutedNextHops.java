package dev.katran.internal.nexthop;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.Neighbour;
import dev.katran.ffm.net.NetworkEvent;
import dev.katran.ffm.net.NetworkException;
import dev.katran.ffm.net.RtnetlinkMonitor;
import dev.katran.ffm.net.RtnetlinkMonitor.Topic;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Next hops that follow the kernel's routes: the route to each backend and the neighbour on it.
 *
 * <p>Everything comes by notification. A route is looked up when its backend is new, and again when
 * routes, rules or interfaces have changed. A neighbour is read when it is new. The program's
 * packets bypass the kernel's neighbour table, whose entries would expire unused: a neighbour that
 * becomes stale, fails or is removed is therefore probed, once for all backends behind it. Nothing
 * is asked while nothing changes.
 *
 * <p>A thread does the work that notifications cause. The netlink sockets belong to the network
 * namespace in which they were opened, so any thread can use them.
 */
final class RoutedNextHops implements NextHops {

  private static final Logger log = LoggerFactory.getLogger(RoutedNextHops.class);

  /** Changes of routes within this time cause one look-up of each route. */
  private static final Duration GATHER = Duration.ofMillis(20);

  /** The least time from the end of a look-up of all routes to the next. */
  private static final Duration BETWEEN_LOOK_UPS = Duration.ofSeconds(1);

  /**
   * How often backends without a route are looked up without a notification: nothing announces that
   * a driver has begun to send frames of XDP programs. All backends are looked up again this long
   * after an interface has changed, which gets its program a little later if it is new.
   */
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final Routing routing;
  private final LongSupplier clock;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicLong lookUps = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition work = lock.newCondition();

  // All guarded by the lock.
  private final HopTable table = new HopTable();
  private final Probes probes = new Probes();
  private final Map<Integer, Link> links = new HashMap<>();
  private @Nullable Long nextLookUps;
  private @Nullable Long nextRetry;
  private boolean retriesAll;
  private long lastLookUps;
  private boolean neighboursLost;

  /** Until when nothing is done because no packet can come in, or null. */
  private @Nullable Long awayUntil;

  private boolean closed;

  private @Nullable RtnetlinkMonitor monitor;
  private @Nullable Thread thread;

  /** Creates a resolver without threads: the caller calls {@link #accept} and {@link #step}. */
  RoutedNextHops(Routing routing, LongSupplier clock) {
    this.routing = routing;
    this.clock = clock;
    this.lastLookUps = clock.getAsLong() - BETWEEN_LOOK_UPS.toNanos();
  }

  static RoutedNextHops open(IntSupplier ingress, boolean isOnly) {
    RoutedNextHops hops = new RoutedNextHops(KernelRouting.open(ingress, isOnly), System::nanoTime);
    try {
      hops.monitor =
          RtnetlinkMonitor.open(
              "katran network events",
              EnumSet.of(Topic.LINKS, Topic.NEIGHBOURS, Topic.ROUTES),
              hops::accept);
      hops.thread = Thread.ofPlatform().name("katran next hops").daemon().start(hops::run);
      return hops;
    } catch (RuntimeException | Error e) {
      hops.close();
      throw e;
    }
  }

  @Override
  public Map<InetAddress, Resolution> resolve(Set<InetAddress> backends, Duration timeout) {
    long deadline = clock.getAsLong() + timeout.toNanos();
    follow(backends).forEach(this::lookUp);
    lock.lock();
    try {
      work.signal();
      awaitSettled(backends, deadline);
      return Maps.toMap(backends, table::get);
    } finally {
      lock.unlock();
    }
  }

  /** Follows backends and returns those that are new. */
  private Set<InetAddress> follow(Set<InetAddress> backends) {
    lock.lock();
    try {
      return closed ? Set.of() : table.follow(backends);
    } finally {
      lock.unlock();
    }
  }

  /** Waits uninterruptibly: an interrupt does not mean that the backends have no next hops. */
  private void awaitSettled(Set<InetAddress> backends, long deadline) {
    boolean interrupted = false;
    long remaining = deadline - clock.getAsLong();
    while (!closed && remaining > 0 && !table.areSettled(backends)) {
      try {
        remaining = changed.awaitNanos(remaining);
      } catch (InterruptedException e) {
        interrupted = true;
        remaining = deadline - clock.getAsLong();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void retain(Set<InetAddress> backends) {
    lock.lock();
    try {
      table.retain(backends);
      probes.retain(table::hasGateway);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Map<InetAddress, Resolution> current() {
    lock.lock();
    try {
      return table.snapshot();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Looks up the route to a backend and, if its gateway is new, reads the gateway's entry. */
  private void lookUp(InetAddress backend) {
    long number = lookUps.incrementAndGet();
    Route route = routing.route(backend);
    Gateway added;
    lock.lock();
    try {
      long now = clock.getAsLong();
      added = table.route(backend, route, number, now);
      if (route instanceof Route.None && nextRetry == null) {
        nextRetry = now + RETRY.toNanos();
      }
    } finally {
      lock.unlock();
    }
    if (added != null) {
      read(added);
    }
  }

  /** Reads the kernel's entry of a gateway. A notification that comes meanwhile is newer. */
  private void read(Gateway gateway) {
    long version = locked(() -> table.version(gateway));
    Neighbour entry;
    try {
      entry = routing.neighbour(gateway);
    } catch (NetworkException e) {
      log.debug("the interface of {} is gone", gateway, e);
      return; // the notification about the interface causes another look-up
    }
    lock.lock();
    try {
      if (table.version(gateway) == version) {
        update(gateway, entry);
      }
    } finally {
      lock.unlock();
    }
  }

  private long locked(LongSupplier query) {
    lock.lock();
    try {
      return query.getAsLong();
    } finally {
      lock.unlock();
    }
  }

  /** Records the kernel's entry of a gateway. Called with the lock held. */
  private void update(Gateway gateway, @Nullable Neighbour entry) {
    if (table.hasGateway(gateway)) {
      long now = clock.getAsLong();
      table.neighbour(gateway, entry, now);
      probes.plan(gateway, entry, now);
      changed.signalAll();
      work.signal();
    }
  }

  /** Handles a notification. Asks the kernel nothing, so that no notification is lost meanwhile. */
  void accept(NetworkEvent event) {
    lock.lock();
    try {
      switch (event) {
        case NetworkEvent.NeighbourChanged(var index, var address, var mac, var state) ->
            update(new Gateway(index, address), new Neighbour(index, address, mac, state));
        case NetworkEvent.NeighbourDeleted(var index, var address) ->
            update(new Gateway(index, address), null);
        case NetworkEvent.LinkChanged(Link link) -> {
          if (!link.equals(links.put(link.index(), link))) {
            lookUpAllTwice();
          }
        }
        case NetworkEvent.LinkDeleted(Link link) -> {
          links.remove(link.index());
          lookUpAllTwice();
        }
        case NetworkEvent.RoutesChanged() -> lookUpAll();
        case NetworkEvent.EventsLost() -> {
          neighboursLost = true;
          links.clear();
          lookUpAllTwice();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void lookUpAllTwice() {
    lookUpAll();
    retriesAll = true;
    nextRetry = clock.getAsLong() + RETRY.toNanos();
  }

  private void lookUpAll() {
    if (nextLookUps == null) {
      long soon = clock.getAsLong() + GATHER.toNanos();
      long allowed = lastLookUps + BETWEEN_LOOK_UPS.toNanos();
      nextLookUps = soon - allowed > 0 ? soon : allowed;
      work.signal();
    }
  }

  private void run() {
    while (awaitWork()) {
      try {
        step();
      } catch (RuntimeException | Error e) {
        log.error("cannot follow next hops; tries again in {}", BETWEEN_LOOK_UPS, e);
        lock.lock();
        try {
          neighboursLost = true;
          lastLookUps = clock.getAsLong();
          nextLookUps = null;
          lookUpAll();
        } finally {
          lock.unlock();
        }
      }
    }
  }

  /** Waits until there is something to do, and returns false when the resolver is closed. */
  private boolean awaitWork() {
    lock.lock();
    try {
      while (!closed) {
        Long next = table.hasChanges() ? Long.valueOf(clock.getAsLong()) : nextStep();
        if (next == null) {
          work.awaitUninterruptibly();
          continue;
        }
        if (awayUntil != null && awayUntil - next > 0) {
          next = awayUntil;
        }
        long remaining = next - clock.getAsLong();
        if (remaining <= 0) {
          return true;
        }
        try {
          long ignored = work.awaitNanos(remaining);
        } catch (InterruptedException e) {
          log.debug("only close() ends this thread", e);
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Returns when {@link #step} has to run next, or null if only a notification causes it. */
  private @Nullable Long nextStep() {
    return Stream.of(
            Optional.ofNullable(nextLookUps),
            Optional.ofNullable(nextRetry),
            Optional.ofNullable(probes.next()),
            Optional.ofNullable(table.nextExpiry()))
        .flatMap(Optional::stream)
        .min((one, other) -> Long.signum(one - other))
        .orElse(null);
  }

  /** Does what is due. */
  void step() {
    if (isAway()) {
      return;
    }
    lookUpDue();
    probeDue();
    List<HopTable.Change> changes;
    lock.lock();
    try {
      table.expire(clock.getAsLong());
      changes = table.takeChanges();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (!changes.isEmpty()) {
      ChangeLog.write(changes);
      listeners.forEach(Runnable::run);
    }
  }

  /**
   * Returns whether the interface that packets come in by is away. What was known is kept then: no
   * backend needs its next hop, but all do at once when the interface is back.
   */
  private boolean isAway() {
    if (!isDue()) {
      return awayUntil != null;
    }
    boolean isAway = !routing.hasIngress();
    lock.lock();
    try {
      long next = clock.getAsLong() + BETWEEN_LOOK_UPS.toNanos();
      awayUntil = isAway ? Long.valueOf(next) : null;
      if (isAway) {
        table.keepUntil(next + HopTable.GONE_AFTER.toNanos());
      }
      return isAway;
    } finally {
      lock.unlock();
    }
  }

  private boolean isDue() {
    lock.lock();
    try {
      Long next = awayUntil == null ? nextStep() : awayUntil;
      return next != null && next - clock.getAsLong() <= 0;
    } finally {
      lock.unlock();
    }
  }

  private void lookUpDue() {
    Set<InetAddress> backends = ImmutableSet.of();
    Set<Gateway> gateways = ImmutableSet.of();
    lock.lock();
    try {
      long now = clock.getAsLong();
      if (nextLookUps != null && nextLookUps - now <= 0) {
        nextLookUps = null;
        if (!retriesAll) {
          nextRetry = null;
        }
        backends = table.backends();
        if (neighboursLost) {
          neighboursLost = false;
          gateways = table.gateways();
        }
      } else if (nextRetry != null && nextRetry - now <= 0) {
        nextRetry = null;
        backends = retriesAll ? table.backends() : table.withoutRoute();
        retriesAll = false;
      }
    } finally {
      lock.unlock();
    }
    if (backends.isEmpty()) {
      return;
    }
    routing.forgetInterfaces();
    backends.forEach(this::lookUp);
    gateways.forEach(this::read);
    lock.lock();
    try {
      lastLookUps = clock.getAsLong();
      probes.retain(table::hasGateway);
    } finally {
      lock.unlock();
    }
  }

  private void probeDue() {
    Gateway gateway = nextProbe();
    while (gateway != null) {
      try {
        routing.probe(gateway);
      } catch (NetworkException e) {
        probeFailed(gateway, e);
      }
      gateway = nextProbe();
    }
  }

  private @Nullable Gateway nextProbe() {
    lock.lock();
    try {
      return probes.poll(clock.getAsLong());
    } finally {
      lock.unlock();
    }
  }

  private void probeFailed(Gateway gateway, NetworkException e) {
    lock.lock();
    try {
      if (table.hasGateway(gateway)) {
        long now = clock.getAsLong();
        table.probeFailed(gateway, e, now);
        probes.failed(gateway, now);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      work.signalAll();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (monitor != null) {
      monitor.close();
    }
    if (thread != null && thread != Thread.currentThread()) {
      awaitEnd(thread);
    }
    routing.close();
  }

  private static void awaitEnd(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
