package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.Vip;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.nexthop.Resolution;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.recording.ChangeEvent;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Installs changes one at a time, each as a {@link Plan}.
 *
 * <p>Nothing slow happens under the lock of changes. What takes long is done between attempts: the
 * change is planned under the lock; if next hops, rings, a program or a scan of the flow table are
 * missing, they are prepared without it, and the change is planned again for the state that is
 * installed by then. The dataplane is cleaned up after the change, without the lock as well.
 */
final class Installer {

  private static final Logger log = LoggerFactory.getLogger(Installer.class);

  /** How long a change waits for the next hops of new backends. They are followed from then on. */
  static final Duration NEXT_HOP_TIMEOUT = Duration.ofMillis(500);

  /**
   * The number of changed VIPs whose rings are built before the change, without the lock. A ring
   * takes 128 KiB.
   */
  private static final int MAX_PREPARED = 64;

  private final OpenDataplane open;
  private final Dataplane dataplane;
  private final DataplaneConfig config;
  private final NextHops nextHops;
  private final MonotonicClock clock;
  private final UnaryOperator<InstalledState> first;
  private final RingCache rings;
  private final PlanExecutor executor;

  private final ReentrantLock changes = new ReentrantLock();

  /** Write-locked while a change that is in force is made visible to readers. */
  private final ReentrantReadWriteLock publication = new ReentrantReadWriteLock();

  private final IndexAllocator vipIndices = new IndexAllocator(0);
  private final IndexAllocator backendIndices = new IndexAllocator(Dataplane.NO_BACKEND + 1);

  private final EventBus events;
  private final InstalledHops hops;
  private final HopUpdates hopUpdates;

  /** The changes that are being prepared. */
  private final Set<Preparation> preparations = new HashSet<>();

  /** Whether next hops may be followed of backends that are not installed. */
  private volatile boolean followsTooMany;

  /** The clean-ups that are not finished. */
  private final List<CleanUp> unfinished = new ArrayList<>();

  /** The clean-ups that failed and are tried again. */
  private final Queue<CleanUp> failed = new ConcurrentLinkedQueue<>();

  /** Null if nothing outlives the process. */
  private final @Nullable StateLog stateLog;

  /** Whether a change is being finished that an earlier control plane has begun. */
  private boolean isAdopting;

  private volatile InstalledState state = InstalledState.EMPTY;

  /** When the change began that is being installed; null if none is. */
  private volatile @Nullable Duration busySince;

  /**
   * Creates an installer.
   *
   * @param stateLog where changes are written down; null if nothing outlives the process
   * @param events where changes are published
   * @param first updates the state before a change is planned
   */
  Installer(
      OpenDataplane open,
      DataplaneConfig config,
      NextHops nextHops,
      MonotonicClock clock,
      @Nullable StateLog stateLog,
      EventBus events,
      UnaryOperator<InstalledState> first) {
    this.open = open;
    this.dataplane = open.get();
    this.config = config;
    this.nextHops = nextHops;
    this.clock = clock;
    this.stateLog = stateLog;
    this.events = events;
    this.first = first;
    this.rings = new RingCache(config.limits());
    this.executor = new PlanExecutor(dataplane);
    this.hops =
        new InstalledHops(
            dataplane,
            new TunnelRoom(config.limits().maxPacketSize(), config.sendPacketTooBig()),
            events);
    this.hopUpdates = new HopUpdates(this, open, hops, nextHops);
  }

  /** Returns the installed state. */
  InstalledState state() {
    return state;
  }

  /** Returns the rings in use. */
  RingCache rings() {
    return rings;
  }

  /** Returns the exclusive upper bound of the indices that a VIP has, or had. */
  int vipIndices() {
    return vipIndices.end();
  }

  /** Returns the exclusive upper bound of the indices that a backend has, or had. */
  int backendIndices() {
    return backendIndices.end();
  }

  /** Returns whether there is work for {@link #repair}. */
  boolean isDirty() {
    return executor.isDirty() || !failed.isEmpty();
  }

  /** Returns when the change began that is being installed; empty if none is. */
  Optional<Duration> busySince() {
    return Optional.ofNullable(busySince);
  }

  /** Returns what updates the next hops in the dataplane. */
  HopUpdates hopUpdates() {
    return hopUpdates;
  }

  /** Runs a task while no change runs. */
  void locked(Runnable task) {
    changes.lock();
    try {
      task.run();
    } finally {
      changes.unlock();
    }
  }

  /**
   * Changes the dataplane and the state, while no other change runs. Does nothing if the balancer
   * is closed or a failed change is not undone yet.
   */
  void update(UnaryOperator<InstalledState> update) {
    locked(() -> {
      if (!open.isClosed() && !executor.isDirty()) {
        state = update.apply(state);
      }
    });
  }

  /**
   * Changes the installed state, all or nothing.
   *
   * @param edit edits the desired state. It may run several times, for different installed states
   */
  void change(Consumer<DesiredState> edit) {
    Preparation prepared = new Preparation();
    ChangeEvent recorded = prepared.recorded();
    locked(() -> preparations.add(prepared));
    try {
      while (!prepared.isInstalled()) {
        Runnable next;
        changes.lock();
        busySince = clock.now();
        try {
          open.checkOpen();
          next = attempt(edit, prepared);
        } finally {
          busySince = null;
          changes.unlock();
          recorded.attempted();
        }
        next.run();
        recorded.prepared();
      }
    } finally {
      recorded.commit();
      locked(() -> {
        preparations.remove(prepared);
        followsTooMany |= !prepared.isInstalled() && !prepared.asked().isEmpty();
      });
    }
  }

  /** Stops following the next hops of backends that neither are installed nor will be. */
  void unfollow() {
    if (!followsTooMany) {
      return;
    }
    locked(() -> {
      followsTooMany = false;
      Set<InetAddress> followed = new HashSet<>();
      state.backends().keySet().forEach(key -> followed.add(key.address()));
      preparations.forEach(each -> followed.addAll(each.asked()));
      nextHops.retain(followed);
    });
  }

  /** Installs a change if it is prepared. Returns what to do next, without the lock. */
  private Runnable attempt(Consumer<DesiredState> edit, Preparation prepared) {
    requireClean();
    state = first.apply(state);
    prepared.attempt();
    DesiredState desired = new DesiredState(state);
    edit.accept(desired);
    List<Vip> changed = Planner.changed(desired, state, hops.moved());
    Set<InetAddress> unknown = unknownHops(changed, desired, prepared);
    if (!unknown.isEmpty()) {
      prepared.asked().addAll(unknown);
      return () -> prepared.hops().putAll(nextHops.resolve(unknown, NEXT_HOP_TIMEOUT));
    }
    Set<RingCache.Key> missing = missingRings(changed, prepared);
    if (!missing.isEmpty()) {
      return () -> prepared.rings().putAll(rings.getAll(missing));
    }
    Plan plan = plan(desired, prepared);
    Runnable slow = slowParts(plan, prepared);
    if (slow != null) {
      return slow;
    }
    install(plan, desired, prepared);
    prepared.installed();
    prepared.recorded().installed(plan.changed().size(), plan.removedVips().size());
    return () -> {
      cleanUp(plan.cleanUp());
      reduceProgram();
      hopUpdates.update(plan.added());
    };
  }

  private @Nullable Hop hop(BackendKey backend, Preparation prepared) {
    Hop known = hops.get(backend);
    Resolution found = prepared.hops().get(backend.address());
    return known == null && found != null ? found.hop().orElse(null) : known;
  }

  /** Returns the new backends whose next hops were not asked for. */
  private Set<InetAddress> unknownHops(
      List<Vip> changed, DesiredState desired, Preparation prepared) {
    Set<InetAddress> unknown = new HashSet<>();
    Consumer<Backend> collect =
        backend -> {
          if (!state.backends().containsKey(backend.key())) {
            unknown.add(backend.address());
          }
        };
    changed.forEach(vip -> vip.backends().forEach(collect));
    desired.addedReferences().keySet().forEach(collect);
    unknown.removeAll(prepared.asked());
    return prepared.isEnough() ? Set.of() : unknown;
  }

  /**
   * Returns the rings that the change needs. Those of many VIPs would fill the heap, so they are
   * built when they are written.
   */
  private Set<RingCache.Key> missingRings(List<Vip> changed, Preparation prepared) {
    if (prepared.isEnough() || changed.size() > MAX_PREPARED) {
      return Set.of();
    }
    Set<RingCache.Key> missing = new HashSet<>();
    for (Vip vip : changed) {
      RingCache.Key key = Planner.ringKey(vip, rings, backend -> hop(backend, prepared));
      InstalledState.Installed before = state.vips().get(vip.key());
      if (before == null || !key.equals(before.ring())) {
        missing.add(key);
        if (before != null) {
          missing.add(before.ring()); // to find the slots that change
        }
      }
    }
    missing.removeAll(prepared.rings().keySet());
    return missing;
  }

  private Plan plan(DesiredState desired, Preparation prepared) {
    return new Planner(
            state,
            desired,
            new Planner.Circumstances(
                config,
                rings,
                backend -> hop(backend, prepared),
                hops.moved(),
                vipIndices,
                backendIndices,
                clock.now(),
                SlotSettler.limitedFlows(dataplane)))
        .plan();
  }

  /** Returns what to do before a plan is executed; null if nothing is left. */
  private @Nullable Runnable slowParts(Plan plan, Preparation prepared) {
    if (prepared.isEnough()) {
      return null;
    }
    Features features = plan.features();
    if (!features.equals(state.features()) && prepared.programs().add(features)) {
      Runnable loading = dataplane.program().loading(features);
      return () -> open.run(loading);
    }
    Map<Integer, Duration> expired = new HashMap<>(plan.longerIdle());
    expired.entrySet().removeAll(prepared.expired().entrySet());
    if (expired.isEmpty()) {
      return null;
    }
    prepared.expired().putAll(expired);
    return () -> open.run(() -> SlotSettler.removeExpired(dataplane, expired));
  }

  private void requireClean() {
    try {
      executor.requireClean();
    } finally {
      abortIfClean();
    }
  }

  /** Writes down that the last change is undone, once it is. */
  private void abortIfClean() {
    if (stateLog == null || executor.isDirty()) {
      return;
    }
    if (isAdopting) {
      stateLog.supersede();
    } else {
      stateLog.abort();
    }
  }

  private void install(Plan plan, DesiredState desired, Preparation prepared) {
    if (stateLog != null && plan.isChange(state, desired)) {
      stateLog.begin(state, plan, desired.writes());
    }
    try {
      executor.execute(plan);
    } catch (RuntimeException | Error e) {
      abortIfClean();
      events.publish(BalancerEvent.Kind.CHANGE_FAILED, e.toString());
      throw e;
    }
    Duration planned = plan.start().at();
    plan.begin(dataplane.deadlines(), clock.now());
    if (stateLog != null) {
      stateLog.commit(plan.start().at().minus(planned));
    }
    plan.vipIndices().commit();
    plan.backendIndices().commit();
    InstalledState before = state;
    publish(plan.state(), desired.onCommit());
    plan.publish(before, events);
    hops.executed(plan, prepared.hops());
    followsTooMany |= !plan.removed().isEmpty();
    unfinished.forEach(each -> each.flows().keep(state));
    unfinished.add(plan.cleanUp());
    dataplane.commit();
  }

  private void publish(InstalledState installed, List<Runnable> onCommit) {
    publication.writeLock().lock();
    try {
      state = installed;
      onCommit.forEach(Runnable::run);
    } finally {
      publication.writeLock().unlock();
    }
  }

  /**
   * Reads the state and tables, all as they are after the same change. Waits only for the moment in
   * which a change is published, not while it is written.
   */
  <T> T consistently(Supplier<T> read) {
    publication.readLock().lock();
    try {
      return read.get();
    } finally {
      publication.readLock().unlock();
    }
  }

  /** Cleans up after a change. If that fails, it is tried again with the next {@link #repair}. */
  private void cleanUp(CleanUp cleanUp) {
    boolean[] isDone = {false};
    try {
      if (cleanUp.flows().isNeeded()) {
        open.run(() -> cleanUp.purge(dataplane));
      }
      update(installed -> {
        cleanUp.remove(dataplane, key -> AnswersPlan.isOwned(installed.answers(), key));
        cleanUp.vips().forEach(vipIndices::free);
        cleanUp.backends().forEach(backendIndices::free);
        unfinished.remove(cleanUp);
        isDone[0] = true;
        if (stateLog != null && unfinished.isEmpty() && !isAdopting) {
          stateLog.cleaned(installed);
        }
        dataplane.commit();
        return installed;
      });
    } catch (RuntimeException | Error e) {
      if (!open.isClosed()) {
        log.warn(
            "cannot remove what is no longer used; tried again every second: {}", e.toString());
        log.debug("cannot remove what is no longer used", e);
      }
    } finally {
      if (!isDone[0]) {
        failed.add(cleanUp);
      }
    }
  }

  /** Specialises the program for what the state needs. If that fails, it stays as it is. */
  private void reduceProgram() {
    Runnable[] load = {null};
    try {
      update(installed -> {
        Features needed = Planner.neededFeatures(installed);
        if (!needed.equals(installed.features())) {
          load[0] = dataplane.program().loading(needed);
        }
        return installed;
      });
      if (load[0] != null) {
        open.run(load[0]);
        update(this::useNeededFeatures);
      }
    } catch (RuntimeException | Error e) {
      if (!open.isClosed()) {
        log.warn("cannot unload parts of the program that are no longer used: {}", e.toString());
        log.debug("cannot unload parts of the program", e);
      }
    }
  }

  private InstalledState useNeededFeatures(InstalledState installed) {
    Features needed = Planner.neededFeatures(installed);
    dataplane.program().use(needed);
    dataplane.commit();
    return installed.with(needed);
  }

  /**
   * Takes over what an earlier control plane has installed, without changing anything that packets
   * see, and loads the program for it.
   *
   * @param references the backends that tables name, each with the number of entries
   * @param routes those of them that source routes lead to
   */
  void adopt(
      StoredState.Replayed replayed,
      Map<Backend, Integer> references,
      Map<Backend, Integer> routes) {
    locked(() -> {
      Adoption adoption =
          new Adoption(
              replayed, dataplane, rings, clock.now(), SlotSettler.limitedFlows(dataplane));
      InstalledState adopted = adoption.state(references, routes);
      adopted.vips().values().forEach(vip -> vipIndices.adopt(vip.number()));
      adopted.backends().values().forEach(backend -> backendIndices.adopt(backend.number()));
      hops.adopt(adoption.hops());
      Adoption.tell(adopted, dataplane);
      dataplane.program().use(adopted.features());
      state = adopted;
      isAdopting = replayed.next() != null;
      if (isAdopting) {
        Objects.requireNonNull(stateLog).supersede();
      }
    });
  }

  /**
   * Ends an adoption: writes again what an interrupted change may have left behind, and removes
   * what nothing uses.
   *
   * @param left the backends that left their VIPs
   */
  void endAdoption(Set<StoredState.Left> left) {
    update(installed -> {
      boolean wasInterrupted = isAdopting;
      isAdopting = false;
      Set<Integer> vips = new HashSet<>();
      Set<Integer> backends = new HashSet<>();
      installed.vips().values().forEach(vip -> vips.add(vip.number()));
      installed.backends().values().forEach(backend -> backends.add(backend.number()));
      dataplane.vips().republish();
      if (wasInterrupted) {
        hops.writeAll(installed);
        dataplane.down().replace(Planner.downMarks(installed));
        Objects.requireNonNull(stateLog).start(installed);
      }
      dataplane.reverse().replace(AnswersPlan.entries(installed));
      dataplane.rings().retain(vips);
      dataplane.deadlines().retain(vips);
      dataplane.backends().retain(backends);
      if (installed.features().tracksFlows()) {
        dataplane.flows().removeIf(StaleFlows.unknown(installed, vips, backends, left));
      }
      if (stateLog != null) {
        stateLog.cleaned(installed);
      }
      dataplane.commit();
      return installed.with(AnswersPlan.of(installed));
    });
    reduceProgram();
  }

  /** Undoes what a failed change has left, and cleans up where that failed before. */
  void repair() {
    locked(() -> {
      if (!open.isClosed() && executor.isDirty()) {
        executor.repair();
        abortIfClean();
      }
    });
    for (int count = failed.size(); count > 0; count--) {
      cleanUp(failed.remove());
    }
    hopUpdates.repair();
  }
}
