package dev.katran.internal.control;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Sets;
import dev.katran.BackendKey;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the dataplane from the installed to the desired state, all or nothing.
 *
 * <p>A transition plans, executes and commits. Execution writes new entries first, then changes
 * existing ones, and commit removes old ones last, so that no packet finds a dangling reference.
 * Every step records how to undo it. If a step fails, the steps before it are rolled back in
 * reverse order. Used once.
 */
final class Transition {

  private static final Logger log = LoggerFactory.getLogger(Transition.class);

  private final Dataplane dataplane;
  private final Limits limits;
  private final IndexAllocator vipIndices;
  private final IndexAllocator backendIndices;
  private final InstalledState from;
  private final DesiredState desired;
  private final Instant now;
  private final Duration window;
  private final StaleFlows staleFlows;

  /** The undo of each executed step, last step first. */
  private final Deque<Runnable> undo = new ArrayDeque<>();

  /** Removes what the new state no longer uses, after all steps have succeeded. */
  private final List<Runnable> cleanUps = new ArrayList<>();

  private final Map<VipKey, Ring> rings = new HashMap<>();
  private final Map<VipKey, InstalledState.Installed> vips = new LinkedHashMap<>();
  private final Map<BackendKey, InstalledState.InstalledBackend> backends = new HashMap<>();

  /**
   * Creates a transition.
   *
   * @param window how long a slot is changing after its backend changes, unless its VIP has a
   *     window of its own
   */
  Transition(
      Dataplane dataplane,
      Limits limits,
      IndexAllocator vipIndices,
      IndexAllocator backendIndices,
      InstalledState from,
      DesiredState desired,
      Instant now,
      Duration window) {
    this.dataplane = dataplane;
    this.limits = limits;
    this.vipIndices = vipIndices;
    this.backendIndices = backendIndices;
    this.from = from;
    this.desired = desired;
    this.now = now;
    this.window = window;
    this.staleFlows = new StaleFlows(from);
  }

  /**
   * Plans and executes the transition.
   *
   * @param deliveries all backends of the desired state, see {@link DesiredState#backends}
   * @param hops the known next hops of the backends
   * @return the state that is installed then
   * @throws RuntimeException the exception of the failed step, after the rollback
   */
  InstalledState run(Map<BackendKey, Delivery> deliveries, Map<InetAddress, Hop> hops) {
    Plan plan = plan(deliveries);
    try {
      execute(plan, hops);
    } catch (RuntimeException | Error e) {
      rollBack(e);
      throw e;
    }
    return commit(plan);
  }

  /**
   * The parts of the transition that are computed before the first write.
   *
   * @param deliveries all backends of the desired state
   * @param during the program's features during the transition, for the old and the new state
   * @param after the program's features that the new state needs
   * @param down the marks of the new state
   */
  private record Plan(
      Map<BackendKey, Delivery> deliveries,
      Features during,
      Features after,
      ImmutableSetMultimap<VipKey, BackendKey> down) {}

  private Plan plan(Map<BackendKey, Delivery> deliveries) {
    desired.vips().values().forEach(this::buildRing);
    Features after = desired.features(deliveries, changesSlots());
    return new Plan(
        deliveries, from.features().and(after), after, remainingDown(deliveries.keySet()));
  }

  private void execute(Plan plan, Map<InetAddress, Hop> hops) {
    if (!plan.during().equals(from.features())) {
      step(
          () -> dataplane.program().use(plan.during()),
          () -> dataplane.program().use(from.features()));
    }
    plan.deliveries()
        .forEach((key, delivery) -> installBackend(key, delivery, hops.get(key.address())));
    dataplane.batch(() -> executeBatch(plan.down()));
    Sets.difference(from.backends().keySet(), plan.deliveries().keySet())
        .forEach(this::removeBackend);
  }

  /** Removes what is no longer used and returns the new state. */
  private InstalledState commit(Plan plan) {
    if (staleFlows.isNeeded()) {
      // Before the indices are freed, which other VIPs and backends may get.
      cleanUp(() -> dataplane.flows().removeIf(staleFlows));
    }
    cleanUps.forEach(Transition::cleanUp);
    boolean reduced =
        plan.during().equals(plan.after()) || cleanUp(() -> dataplane.program().use(plan.after()));
    return new InstalledState(
        ImmutableMap.copyOf(vips),
        ImmutableMap.copyOf(backends),
        ImmutableMap.copyOf(desired.named()),
        plan.down(),
        desired.watched(),
        reduced ? plan.after() : plan.during());
  }

  /** Executes the steps that packets see all at once. */
  private void executeBatch(ImmutableSetMultimap<VipKey, BackendKey> down) {
    desired.vips().values().forEach(this::install);
    answerPings(destinations(from.vips().keySet()), destinations(desired.vips().keySet()));
    desired.steps().forEach(this::writeTable);
    Set<DownKey> before = downKeys(from.down(), from.vips(), from.backends());
    Set<DownKey> after = downKeys(down, vips, backends);
    markDown(Sets.difference(after, before).immutableCopy());
    Sets.difference(from.vips().keySet(), desired.vips().keySet())
        .forEach(key -> removeVip(key, find(key)));
    markUp(Sets.difference(before, after).immutableCopy());
  }

  private static Set<Destination> destinations(Set<VipKey> keys) {
    Set<Destination> destinations = new HashSet<>();
    keys.forEach(key -> destinations.add(Destination.of(key)));
    return destinations;
  }

  private InstalledState.Installed find(VipKey key) {
    return Objects.requireNonNull(from.vips().get(key));
  }

  private void installBackend(BackendKey key, Delivery delivery, @Nullable Hop hop) {
    InstalledState.InstalledBackend before = from.backends().get(key);
    BackendEntry entry = entry(key.address(), delivery, hop);
    int number = before == null ? addBackend(entry) : changeBackend(before, delivery, entry);
    backends.put(key, new InstalledState.InstalledBackend(number, delivery));
  }

  /** Returns the dataplane's entry of a backend. */
  static BackendEntry entry(InetAddress address, Delivery delivery, @Nullable Hop hop) {
    return new BackendEntry(address, delivery.encapsulation(), delivery.local(), hop);
  }

  private int addBackend(BackendEntry entry) {
    int number = backendIndices.allocate();
    undo.push(() -> backendIndices.free(number));
    dataplane.counters().clear(new Counter.OfBackend(number));
    dataplane.counters().clear(new Counter.WatchedMisses(number));
    step(() -> dataplane.backends().put(number, entry), () -> dataplane.backends().remove(number));
    return number;
  }

  private int changeBackend(
      InstalledState.InstalledBackend before, Delivery delivery, BackendEntry entry) {
    int number = before.number();
    if (!before.delivery().equals(delivery)) {
      BackendEntry old = entry(entry.address(), before.delivery(), entry.hop());
      step(
          () -> dataplane.backends().put(number, entry),
          () -> dataplane.backends().put(number, old));
    }
    return number;
  }

  private void install(Vip vip) {
    InstalledState.Installed before = from.vips().get(vip.key());
    vips.put(vip.key(), before == null ? add(vip) : change(before, vip));
  }

  private InstalledState.Installed add(Vip vip) {
    int number = vipIndices.allocate();
    undo.push(() -> vipIndices.free(number));
    for (Counter.VipEvent event : Counter.VipEvent.values()) {
      dataplane.counters().clear(new Counter.OfVip(number, event));
    }
    Ring ring = ringOf(vip);
    RingState slots = RingState.stable(numbersOf(ring));
    InstalledState.Installed added =
        new InstalledState.Installed(
            vip, number, ring, slots, InstalledState.Installed.idle(vip, slots, window(vip)));
    step(() -> putRing(added), () -> dataplane.rings().remove(number));
    step(() -> putVip(added, desired.watched()), () -> dataplane.vips().remove(vip.key()));
    return added;
  }

  private InstalledState.Installed change(InstalledState.Installed before, Vip vip) {
    VipEntry entryBefore = before.entry(from.watched());
    Ring ring = ringOf(vip);
    RingState slots = before.slots();
    if (!keepsFlows(before.vip(), vip)) {
      slots = RingState.stable(numbersOf(ring));
    } else {
      // A backend can leave without changing the ring: a draining backend has no slots.
      Set<Integer> removed = from.leaving(before.vip(), vip);
      if (!ring.equals(before.ring()) || !removed.isEmpty()) {
        slots = slots.changeTo(numbersOf(ring), removed, changeWindow(vip));
      }
    }
    InstalledState.Installed after =
        new InstalledState.Installed(
            vip,
            before.number(),
            ring,
            slots,
            InstalledState.Installed.idle(vip, slots, window(vip)));
    if (before.vip().equals(vip) && after.entry(desired.watched()).equals(entryBefore)) {
      return before;
    }
    if (!slots.slots().equals(before.slots().slots())) {
      step(() -> putRing(after), () -> putRing(before));
    }
    removeExpiredFlows(before, after);
    if (!after.entry(desired.watched()).equals(entryBefore)) {
      step(() -> putVip(after, desired.watched()), () -> putVip(before, from.watched()));
    }
    staleFlows.changed(before, vip);
    return after;
  }

  private ChangeWindow changeWindow(Vip vip) {
    return ChangeWindow.starting(now, window(vip), SlotSettler.limitedFlows(dataplane));
  }

  private Duration window(Vip vip) {
    return vip.changeWindow().orElse(window);
  }

  /**
   * Removes expired entries that a longer idle time would revive, because their flows may have
   * moved since. Needs no undo.
   */
  private void removeExpiredFlows(InstalledState.Installed before, InstalledState.Installed after) {
    if (after.idle().compareTo(before.idle()) > 0
        && keepsFlows(before.vip(), after.vip())
        && from.features().tracksFlows()) {
      long idle = before.idle().toNanos();
      dataplane.flows().removeIf(entry -> entry.vip() == before.number() && entry.idle() > idle);
    }
  }

  /** Returns whether open flows keep their backends when one VIP replaces the other. */
  private static boolean keepsFlows(Vip before, Vip after) {
    return before.tracking() == Tracking.ADAPTIVE
        && after.tracking() == Tracking.ADAPTIVE
        && before.hashing() == after.hashing();
  }

  /** Returns whether this change or an earlier one leaves slots that are not stable. */
  private boolean changesSlots() {
    return from.features().changes()
        || desired.vips().values().stream().anyMatch(this::changesSlots);
  }

  private boolean changesSlots(Vip vip) {
    InstalledState.Installed before = from.vips().get(vip.key());
    return before != null
        && keepsFlows(before.vip(), vip)
        && !before.ring().isEmpty()
        && !before.ring().equals(ringOf(vip));
  }

  /** Returns whether both VIPs have the same ring. */
  private static boolean sameRing(Vip one, Vip other) {
    return one.algorithm() == other.algorithm()
        && Set.copyOf(one.backends()).equals(Set.copyOf(other.backends()));
  }

  /** Builds the ring of a new or changed VIP. Before any write, because a ring may be large. */
  private void buildRing(Vip vip) {
    InstalledState.Installed before = from.vips().get(vip.key());
    rings.put(
        vip.key(),
        before != null && sameRing(before.vip(), vip)
            ? before.ring()
            : Ring.of(limits, vip.algorithm(), vip.backends()));
  }

  private Ring ringOf(Vip vip) {
    return Objects.requireNonNull(rings.get(vip.key()));
  }

  private int[] numbersOf(Ring ring) {
    return ring.toArray(backend -> Objects.requireNonNull(backends.get(backend.key())).number());
  }

  private void putRing(InstalledState.Installed installed) {
    RingSlots slots = installed.slots().slots();
    if (slots.isEmpty()) {
      dataplane.rings().remove(installed.number());
    } else {
      dataplane.rings().put(installed.number(), slots);
    }
  }

  private void putVip(InstalledState.Installed installed, Optional<VipKey> watched) {
    dataplane.vips().put(installed.vip().key(), installed.entry(watched));
  }

  private void answerPings(Set<Destination> before, Set<Destination> after) {
    for (Destination added : Sets.difference(after, before)) {
      step(
          () -> dataplane.vips().answerPing(added, true),
          () -> dataplane.vips().answerPing(added, false));
    }
    for (Destination removed : Sets.difference(before, after)) {
      step(
          () -> dataplane.vips().answerPing(removed, false),
          () -> dataplane.vips().answerPing(removed, true));
    }
  }

  private void writeTable(DesiredState.TableStep step) {
    undo.push(() -> step.undo(from.backends())); // first, to undo a partial write as well
    step.apply(backends);
  }

  private void removeVip(VipKey key, InstalledState.Installed removed) {
    step(() -> dataplane.vips().remove(key), () -> putVip(removed, from.watched()));
    staleFlows.removed(removed);
    cleanUps.add(() -> {
      dataplane.rings().remove(removed.number());
      vipIndices.free(removed.number());
    });
  }

  private void removeBackend(BackendKey key) {
    int number = Objects.requireNonNull(from.backends().get(key)).number();
    staleFlows.removedBackend(number);
    cleanUps.add(() -> {
      dataplane.backends().remove(number);
      backendIndices.free(number);
    });
  }

  /** Returns the marks whose VIP and backend remain. */
  private ImmutableSetMultimap<VipKey, BackendKey> remainingDown(Set<BackendKey> deliveries) {
    ImmutableSetMultimap.Builder<VipKey, BackendKey> remaining = ImmutableSetMultimap.builder();
    desired
        .down()
        .forEach((vip, backend) -> {
          if (desired.vips().containsKey(vip) && deliveries.contains(backend)) {
            remaining.put(vip, backend);
          }
        });
    return remaining.build();
  }

  private static Set<DownKey> downKeys(
      ImmutableSetMultimap<VipKey, BackendKey> down,
      Map<VipKey, InstalledState.Installed> vips,
      Map<BackendKey, InstalledState.InstalledBackend> backends) {
    Set<DownKey> keys = new HashSet<>();
    down.forEach((vip, backend) ->
        keys.add(
            new DownKey(
                Objects.requireNonNull(vips.get(vip)).number(),
                Objects.requireNonNull(backends.get(backend)).number())));
    return keys;
  }

  private void markDown(Set<DownKey> keys) {
    if (!keys.isEmpty()) {
      undo.push(() -> dataplane.down().remove(keys));
      dataplane.down().put(toMap(keys));
    }
  }

  private void markUp(Set<DownKey> keys) {
    if (!keys.isEmpty()) {
      undo.push(() -> dataplane.down().put(toMap(keys)));
      dataplane.down().remove(keys);
    }
  }

  private static Map<DownKey, Integer> toMap(Set<DownKey> keys) {
    Map<DownKey, Integer> map = new HashMap<>();
    keys.forEach(key -> map.put(key, 1));
    return map;
  }

  private void step(Runnable operation, Runnable inverse) {
    operation.run();
    undo.push(inverse);
  }

  /** Frees memory, best effort: a failure does not affect the new state. */
  private static boolean cleanUp(Runnable action) {
    try {
      action.run();
      return true;
    } catch (RuntimeException e) {
      log.warn("cannot remove resources that are no longer used", e);
      return false;
    }
  }

  private void rollBack(Throwable cause) {
    suppress(cause, () -> dataplane.batch(() -> undo.forEach(step -> suppress(cause, step))));
  }

  private static void suppress(Throwable cause, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
