package dev.katran.internal.control;

import com.google.common.collect.Comparators;
import com.google.common.collect.Lists;
import dev.katran.BalancerEvent;
import dev.katran.Limits;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves slots from changing to settled when their window ends, unless it is extended, and from
 * settled to stable when no live entry of the flow table names another backend, see {@link
 * RingState}. After that, the dataplane stops looking up the flows of these slots, cf. <a
 * href="https://doi.org/10.1145/3485983.3494851">Just Enough Tracking</a> (CoNEXT 2021).
 *
 * <p>The second move needs a scan of the flow table, which is done in steps. No scan misses an
 * entry: the dataplane creates none that names another backend than that of a settled slot, and a
 * slot that was changing during the scan does not count as settled before the next one, even if it
 * is at the same backend again. A packet in flight may still see a slot as changing that has just
 * settled, so a scan considers only slots that were settled at the end of the step before.
 *
 * <p>Runs under the lock of changes, except for the scan. One step at a time.
 */
final class SlotSettler implements AutoCloseable {

  /** The default number of entries scanned in a step. There is one step per second. */
  static final int ENTRIES_PER_STEP = 200_000;

  /** The pause after a scan is the idle time divided by this. */
  private static final int PAUSES_PER_IDLE_TIME = 10;

  private static final Logger log = LoggerFactory.getLogger(SlotSettler.class);

  private final Dataplane dataplane;
  private final RingCache rings;
  private final Limits limits;
  private final Duration window;
  private final int entriesPerStep;
  private final @Nullable StateLog stateLog;
  private final EventBus events;
  private @Nullable FlowScan scan;

  /** The time of the last {@link #settle}. */
  private Duration lastSettled = Duration.ZERO;

  private Duration nextScan = Duration.ZERO;

  /** The state at the end of the last step. */
  private InstalledState last = InstalledState.EMPTY;

  /**
   * Creates a settler.
   *
   * @param rings the rings in use
   * @param entriesPerStep how many entries of the flow table a step scans
   * @param stateLog where longer windows are written down; null if nothing outlives the process
   * @param events where ends of windows are published
   */
  SlotSettler(
      Dataplane dataplane,
      RingCache rings,
      DataplaneConfig config,
      int entriesPerStep,
      @Nullable StateLog stateLog,
      EventBus events) {
    this.events = events;
    this.stateLog = stateLog;
    this.dataplane = dataplane;
    this.rings = rings;
    this.limits = config.limits();
    this.window = config.flowRules().changeWindow();
    this.entriesPerStep = entriesPerStep;
  }

  /**
   * Does what {@link #settle} does if no step has done so in time: the dataplane may be about to
   * end windows by itself, or may have ended them. A change must not move the deadline then. If it
   * fails, the next step tries again.
   */
  InstalledState settleIfLate(InstalledState state, Duration now) {
    if (now.minus(lastSettled).compareTo(ChangeWindow.LATENESS) < 0) {
      return state;
    }
    try {
      return settle(state, now);
    } catch (RuntimeException e) {
      log.warn("cannot settle slots before a change: {}", e.toString());
      return state;
    }
  }

  /** Settles the slots whose window has ended, and returns the state that is installed then. */
  InstalledState settle(InstalledState state, Duration now) {
    InstalledState settled = settleEnded(state, now);
    lastSettled = now;
    return settled;
  }

  private InstalledState settleEnded(InstalledState state, Duration now) {
    List<InstalledState.Installed> changing =
        unstable(state)
            .filter(each -> each.slots().changing() > 0 || each.slots().isUnchanged())
            .toList();
    if (changing.isEmpty()) {
      return state;
    }
    long limited = limitedFlows(dataplane);
    IdentityHashMap<RingState, RingState> extensions =
        new IdentityHashMap<>(); // VIPs may share their slots
    IdentityHashMap<RingState, RingState> settled = new IdentityHashMap<>();
    List<Update> updates = new ArrayList<>();
    for (InstalledState.Installed installed : changing) {
      RingState longer =
          extensions.computeIfAbsent(installed.slots(), each -> each.extend(now, limited, window));
      InstalledState.Installed extended = extend(installed, longer, now);
      RingState slots =
          extended.slots().isUnchanged()
              ? stableOf(installed, state)
              : settled.computeIfAbsent(extended.slots(), each -> each.settle(now));
      if (slots != installed.slots()) {
        updates.add(new Update(installed, extended.withSlots(slots)));
      }
    }
    return apply(state, updates, now);
  }

  private static Stream<InstalledState.Installed> unstable(InstalledState state) {
    return state.census().unstable().keySet().stream().map(key -> state.vips().get(key));
  }

  /**
   * Scans the next entries of the flow table, if a scan is due or in progress. Needs no lock.
   *
   * @return whether the scan is complete, so that {@link #stabilise} should follow
   */
  boolean scan(Duration now) {
    if (scan == null && now.compareTo(nextScan) >= 0) {
      scan = FlowScan.start(last, dataplane.flows(), limits);
    }
    return scan != null && !scan.advance(entriesPerStep);
  }

  /** Makes slots stable after a complete scan, and returns the state that is installed then. */
  InstalledState stabilise(InstalledState state, Duration now) {
    FlowScan complete = Objects.requireNonNull(scan, "no scan");
    InstalledState after = stabilise(state, complete, now);
    nextScan = now.plus(complete.pause());
    close();
    return after;
  }

  /** Ends a step: the next scan starts with what is settled in this state. */
  void endStep(InstalledState state) {
    last = state;
  }

  /**
   * Returns how many flows of changing slots have found no place in the flow table so far. Their
   * VIPs are not counted: a VIP's flows extend the windows of other VIPs as well.
   */
  static long limitedFlows(Dataplane dataplane) {
    return dataplane.counters().read(Counter.Total.CHANGES_LIMITED).packets();
  }

  /** A VIP before and after a step. */
  private record Update(InstalledState.Installed before, InstalledState.Installed after) {

    boolean changesSlots() {
      return !after.slots().slots().equals(before.slots().slots());
    }

    boolean isExtended() {
      return after.slots().extensions() > before.slots().extensions();
    }

    boolean movesDeadline() {
      return !after.slots().until().equals(before.slots().until());
    }

    void publish(EventBus events) {
      VipKey key = after.vip().key();
      if (isExtended()) {
        events.publish(BalancerEvent.Kind.WINDOW_EXTENDED, key);
      }
      if (before.slots().changing() > 0 && after.slots().changing() == 0) {
        events.publish(BalancerEvent.Kind.WINDOW_ENDED, key);
      }
      if (!before.slots().isStable() && after.slots().isStable()) {
        events.publish(BalancerEvent.Kind.RING_STABLE, key);
      }
    }

    boolean changesIdle() {
      return !after.idle().equals(before.idle());
    }
  }

  private InstalledState.Installed extend(
      InstalledState.Installed installed, RingState extended, Duration now) {
    if (extended == installed.slots()) {
      return installed;
    }
    log.warn(
        "{}: {} slots stay changing for another {}, because flows found no place in the flow table;"
            + " a larger Limits.flowTableSize has room for them",
        installed.vip().key(),
        extended.changing(),
        extended.until().orElse(now).minus(now));
    Duration vipWindow = installed.vip().changeWindow().orElse(window);
    Duration idle = InstalledState.Installed.idle(installed.vip(), extended, vipWindow);
    return installed.withSlots(extended).withIdle(Comparators.max(installed.idle(), idle));
  }

  private InstalledState stabilise(InstalledState state, FlowScan scan, Duration now) {
    List<Update> updates = new ArrayList<>();
    for (FlowScan.Candidate candidate : scan.candidates.values()) {
      InstalledState.Installed installed = state.vips().get(candidate.installed.vip().key());
      if (installed != null
          && installed.number() == candidate.installed.number()
          // entries that were expired for the scan may be live for a longer idle time
          && installed.idle().compareTo(candidate.installed.idle()) <= 0
          && !candidate.slots.isEmpty()) {
        RingState stable =
            installed.slots().stabilise(candidate.installed.slots(), candidate.slots);
        if (stable != installed.slots()) {
          RingState slots = stable.isStable() ? stableOf(installed, state) : stable;
          updates.add(new Update(installed, installed.withSlots(slots)));
        }
      }
    }
    return apply(state, updates, now);
  }

  private RingState stableOf(InstalledState.Installed vip, InstalledState state) {
    return rings.stable(
        vip.ring(), key -> Objects.requireNonNull(state.backends().get(key)).number());
  }

  private InstalledState apply(InstalledState state, List<Update> updates, Duration now) {
    if (updates.isEmpty()) {
      return state;
    }
    removeExpiredFlows(updates);
    for (Update update : updates) {
      if (update.movesDeadline()) {
        InstalledState.Installed after = update.after();
        after.slots().putDeadline(dataplane.deadlines(), after.number(), now);
      }
    }
    dataplane.batch(() -> writeAll(updates, state.watched()));
    dataplane.commit();
    InstalledState after = state.with(updates.stream().map(Update::after).toList());
    updates.forEach(each -> each.publish(events));
    if (stateLog != null) {
      for (Update update : updates) {
        if (update.isExtended() || update.changesIdle()) {
          stateLog.extended(after, update.after());
        }
      }
    }
    return after;
  }

  private void writeAll(List<Update> updates, Optional<VipKey> watched) {
    for (List<Update> next : Lists.partition(updates, PlanExecutor.ANNOUNCED)) {
      List<RingBackends> read =
          next.parallelStream().map(this::readBackends).filter(Objects::nonNull).toList();
      try {
        if (next.size() > 1) {
          dataplane
              .rings()
              .announce(Lists.transform(next, update -> () -> update.after().slots().slots()));
        }
        next.forEach(update -> write(update, watched));
      } finally {
        Reference.reachabilityFence(read); // as long as it is in use, it is not computed
      }
    }
  }

  /** Reads the backends of a ring, which is quicker than to compute them. They stay the same. */
  private @Nullable RingBackends readBackends(Update update) {
    RingBackends backends = dataplane.rings().read(update.before().slots().slots());
    if (backends != null) {
      update.after().slots().slots().remember(backends);
    }
    return backends;
  }

  private void removeExpiredFlows(List<Update> updates) {
    Map<Integer, Duration> idle = new HashMap<>();
    for (Update update : updates) {
      if (update.changesIdle()) {
        idle.put(update.before().number(), update.before().idle());
      }
    }
    if (!idle.isEmpty()) {
      removeExpired(dataplane, idle);
    }
  }

  /**
   * Removes expired entries that a longer idle time would revive, because their flows may have
   * moved since.
   *
   * @param idle the idle times so far, by VIP index
   */
  static void removeExpired(Dataplane dataplane, Map<Integer, Duration> idle) {
    dataplane
        .flows()
        .removeIf(entry -> {
          Duration limit = idle.get(entry.vip());
          return limit != null && entry.idle() > limit.toNanos();
        });
  }

  private void write(Update update, Optional<VipKey> watched) {
    InstalledState.Installed after = update.after();
    if (update.changesSlots()) {
      mark(after.number(), after.slots().slots());
    }
    if (update.changesIdle()) {
      dataplane.vips().put(after.vip().key(), after.entry(watched));
    }
  }

  private void mark(int vip, RingSlots slots) {
    if (slots.isEmpty()) {
      dataplane.rings().remove(vip);
    } else {
      dataplane.rings().mark(vip, slots);
    }
  }

  /** Abandons a scan in progress. */
  @Override
  public void close() {
    if (scan != null) {
      scan.cursor.close();
      scan = null;
    }
  }

  /** A scan of the flow table for entries that name another backend than their slot. */
  private static final class FlowScan {

    /** A VIP with the settled slots for which the scan has found no such entry. */
    private record Candidate(InstalledState.Installed installed, BitSet slots) {}

    private final FlowTable.Scan cursor;
    private final Limits limits;
    private final Map<Integer, Candidate> candidates;

    private FlowScan(FlowTable.Scan cursor, Limits limits, Map<Integer, Candidate> candidates) {
      this.cursor = cursor;
      this.limits = limits;
      this.candidates = candidates;
    }

    /** Starts a scan, or returns null if no slot is settled. */
    static @Nullable FlowScan start(InstalledState state, FlowTable flows, Limits limits) {
      Map<Integer, Candidate> candidates = new HashMap<>();
      unstable(state)
          .filter(installed -> installed.slots().settled() > 0)
          .forEach(installed ->
              candidates.put(
                  installed.number(), new Candidate(installed, installed.slots().settledSlots())));
      return candidates.isEmpty() ? null : new FlowScan(flows.scan(), limits, candidates);
    }

    /** Scans the next entries and returns whether there are more. */
    boolean advance(int entries) {
      return cursor.next(entries, this::visit);
    }

    private void visit(FlowTable.Entry entry) {
      Candidate candidate = candidates.get(entry.vip());
      if (candidate == null || candidate.slots.isEmpty()) {
        return;
      }
      InstalledState.Installed installed = candidate.installed;
      if (installed.pointsElsewhere(entry, limits)) {
        candidate.slots.clear(installed.slotOf(entry, limits));
      }
    }

    /** Returns how long to wait before the next scan. */
    Duration pause() {
      return candidates.values().stream()
          .map(candidate -> candidate.installed.idle())
          .min(Duration::compareTo)
          .orElse(Duration.ZERO)
          .dividedBy(PAUSES_PER_IDLE_TIME);
    }
  }
}
