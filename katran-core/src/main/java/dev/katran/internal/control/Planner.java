package dev.katran.internal.control;

import com.google.common.collect.Comparators;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Sets;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.TableCapacity;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.packet.Hop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * Plans the change from an installed to a desired state, without changing anything. New entries are
 * written first, then existing ones change, and what is no longer used is removed last, so that no
 * packet finds a dangling reference. Only what differs is looked at. Used once.
 */
final class Planner {

  /**
   * What a plan depends on besides the two states.
   *
   * @param hops the known next hops
   * @param moved the backends whose next hop was found or lost since the last change
   * @param now the time
   * @param limitedFlows how many flows have found no place in the flow table so far
   */
  record Circumstances(
      DataplaneConfig config,
      RingCache rings,
      Function<BackendKey, @Nullable Hop> hops,
      Set<BackendKey> moved,
      IndexAllocator vipIndices,
      IndexAllocator backendIndices,
      Duration now,
      long limitedFlows) {}

  private final InstalledState from;
  private final DesiredState desired;
  private final Circumstances circumstances;
  private final IndexAllocator.Reservation vipIndices;
  private final IndexAllocator.Reservation backendIndices;
  private final ChangeWindow.Start start;
  private final RingPlanner rings;

  /** The keys of the new rings. */
  private final Map<VipKey, RingCache.Key> ringKeys = new HashMap<>();

  private final StaleFlows staleFlows;
  private final AnswersPlan answers;

  private final Map<Integer, Duration> longerIdle = new HashMap<>();
  private final Set<BackendKey> newBackends = new LinkedHashSet<>();
  private final Set<BackendKey> gone = new LinkedHashSet<>();
  private final List<Integer> unusedVips = new ArrayList<>();
  private final List<Integer> unusedBackends = new ArrayList<>();
  private final List<Operation> first = new ArrayList<>();
  private final List<Operation> batch = new ArrayList<>();
  private PMap<VipKey, InstalledState.Installed> vips;
  private PMap<BackendKey, InstalledState.InstalledBackend> backends;
  private Census census;

  Planner(InstalledState from, DesiredState desired, Circumstances circumstances) {
    this.from = from;
    this.desired = desired;
    this.circumstances = circumstances;
    this.vipIndices = circumstances.vipIndices().reserve();
    this.backendIndices = circumstances.backendIndices().reserve();
    this.start = new ChangeWindow.Start(circumstances.now());
    this.rings = new RingPlanner(from, circumstances.rings(), start, circumstances.limitedFlows());
    this.staleFlows = new StaleFlows(from);
    this.answers = new AnswersPlan(from);
    this.vips = from.vips();
    this.backends = from.backends();
    this.census = from.census();
  }

  /**
   * Plans the change.
   *
   * @throws IllegalArgumentException if the desired state is invalid
   * @throws Failure if it exceeds a limit
   */
  Plan plan() {
    List<Vip> changed = changed(desired, from, circumstances.moved());
    Set<VipKey> removed = desired.removed();
    long added = changed.stream().filter(vip -> !from.vips().containsKey(vip.key())).count();
    checkLimit(
        "VIPs",
        from.vips().size() + (int) added - removed.size(),
        circumstances.config().limits().vips());
    planBackends(changed, removed);
    answers.plan(changed, removed);
    checkLimit(
        "servers that packets are rewritten to",
        answers.answers().size(),
        TableCapacity.reverse(circumstances.config().limits()));
    PMap<BackendKey, Integer> routes = routes();
    changed.forEach(this::planVip);
    first.addAll(answers.writes(vips, /* areNew= */ false));
    batch.addAll(answers.writes(vips, /* areNew= */ true));
    planWatched(changed);
    for (VipKey key : removed) {
      census = census.replace(find(key), null);
      vips = vips.minus(key);
    }
    AnswersPlan.checkRoutes(from, routes, changed, vips);
    planPings(changed, removed);
    desired
        .writes()
        .forEach(write -> batch.add(new Operation.WriteTable(write, from.backends(), backends)));
    ImmutableSetMultimap<VipKey, BackendKey> down = planRemovals(removed);
    Features during = from.features().and(neededFeatures());
    if (!during.equals(from.features())) {
      first.addFirst(new Operation.UseProgram(from.features(), during));
    }
    return new Plan(
        first,
        batch,
        longerIdle,
        new CleanUp(staleFlows, unusedVips, unusedBackends, answers.unused()),
        new InstalledState(
            vips, backends, census, answers.answers(), routes, down, desired.watched(), during),
        changed,
        removed,
        newBackends,
        gone,
        vipIndices,
        backendIndices,
        start);
  }

  /** Returns the rewritten backends that source routes lead to afterwards. */
  private PMap<BackendKey, Integer> routes() {
    PMap<BackendKey, Integer> routes = from.routes();
    for (Map.Entry<BackendKey, Integer> change : desired.rewrittenRoutes().entrySet()) {
      int count = routes.getOrDefault(change.getKey(), 0) + change.getValue();
      routes = count == 0 ? routes.minus(change.getKey()) : routes.plus(change.getKey(), count);
    }
    return routes;
  }

  private InstalledState.Installed find(VipKey key) {
    return Objects.requireNonNull(from.vips().get(key));
  }

  private static void checkLimit(String what, int count, int limit) {
    if (count > limit) {
      throw new Failure(
          Failure.Kind.LIMIT, "%d %s exceed the limit of %d".formatted(count, what, limit));
    }
  }

  /**
   * Returns the VIPs to plan: those that differ, and those with a backend that moved.
   *
   * @param moved the backends whose next hop was found or lost
   */
  static List<Vip> changed(DesiredState desired, InstalledState from, Set<BackendKey> moved) {
    List<Vip> changed = desired.changed();
    if (!moved.isEmpty()) {
      Set<VipKey> known = new HashSet<>(desired.removed());
      changed.forEach(vip -> known.add(vip.key()));
      for (InstalledState.Installed installed : from.vips().values()) {
        Vip vip = installed.vip();
        if (!known.contains(vip.key())
            && vip.backends().stream().anyMatch(each -> moved.contains(each.key()))) {
          changed.add(vip);
        }
      }
    }
    return changed;
  }

  private void planBackends(List<Vip> changed, Set<VipKey> removed) {
    BackendReferences references = new BackendReferences(from.backends());
    removed.forEach(key -> references.remove(find(key)));
    for (Vip vip : changed) {
      InstalledState.Installed before = from.vips().get(vip.key());
      if (before != null) {
        references.removeOthers(before, vip, ringKey(vip));
      }
    }
    desired.removedReferences().forEach(references::remove);
    for (Vip vip : changed) {
      references.add(from.vips().get(vip.key()), vip, ringKey(vip));
    }
    desired
        .addedReferences()
        .forEach((backend, count) -> references.add(backend, "a table", count));
    Map<BackendKey, BackendReferences.Touched> touched = references.touched();
    touched.values().removeIf(each -> !each.hasChanged());
    touched.forEach(this::planBackend);
    checkLimit("backends", backends.size(), circumstances.config().limits().backends());
  }

  private void planBackend(BackendKey key, BackendReferences.Touched touched) {
    InstalledState.InstalledBackend before = touched.before();
    Delivery delivery = touched.delivery();
    census = census.replace(before == null ? null : before.delivery(), delivery);
    if (delivery == null) {
      if (before != null) {
        backends = backends.minus(key);
        gone.add(key);
        staleFlows.removedBackend(before.number());
        unusedBackends.add(before.number());
      }
      return;
    }
    checkSource(key, delivery);
    int number = before == null ? backendIndices.allocate() : before.number();
    backends =
        backends.plus(
            key,
            new InstalledState.InstalledBackend(
                number, delivery, touched.users(), touched.serving()));
    if (before == null) {
      newBackends.add(key);
      first.add(new Operation.PutBackend(number, null, entry(key, delivery)));
    } else if (!before.delivery().equals(delivery)) {
      first.add(
          new Operation.PutBackend(number, entry(key, before.delivery()), entry(key, delivery)));
    }
  }

  private BackendEntry entry(BackendKey key, Delivery delivery) {
    return delivery.entry(key, circumstances.hops().apply(key));
  }

  private void checkSource(BackendKey backend, Delivery delivery) {
    if (delivery.forwarding() instanceof Forwarding.Gue
        && circumstances.config().gue().sourceTowards(backend.address()) == null) {
      throw new IllegalArgumentException(
          "backend %s via GUE needs an outer source address of its family; set sourceAddress on the"
                  .formatted(backend)
              + " builder");
    }
  }

  private void planVip(Vip vip) {
    InstalledState.Installed before = from.vips().get(vip.key());
    Duration window = vip.changeWindow().orElse(defaultWindow());
    RingCache.Key ring = ringKey(vip);
    RingState slots = rings.plan(before, vip, ring, unreachable(vip), window, this::number);
    InstalledState.Installed after =
        new InstalledState.Installed(
            vip,
            before == null ? vipIndices.allocate() : before.number(),
            ring,
            slots,
            InstalledState.Installed.idle(vip, slots, window));
    vips = vips.plus(vip.key(), after);
    census = census.replace(before, after);
    planWrites(before, after);
    if (before != null) {
      if (RingPlanner.keepsFlows(before.vip(), vip)
          && after.idle().compareTo(before.idle()) > 0
          && from.features().tracksFlows()) {
        longerIdle.put(before.number(), before.idle());
      }
      staleFlows.changed(before, vip);
    }
  }

  /** Returns the indices of a VIP's backends that have no next hop, and so no slots. */
  private Set<Integer> unreachable(Vip vip) {
    Set<Integer> unreachable = new HashSet<>();
    for (Backend backend : vip.backends()) {
      if (!isReachable(backend, circumstances.hops())) {
        unreachable.add(number(backend.key()));
      }
    }
    return unreachable;
  }

  private Duration defaultWindow() {
    return circumstances.config().flowRules().changeWindow();
  }

  private int number(BackendKey key) {
    return Objects.requireNonNull(backends.get(key)).number();
  }

  private RingCache.Key ringKey(Vip vip) {
    return ringKeys.computeIfAbsent(
        vip.key(), key -> ringKey(vip, circumstances.rings(), circumstances.hops()));
  }

  /** Returns what the ring of a VIP depends on: its backends that have a next hop or are local. */
  static RingCache.Key ringKey(Vip vip, RingCache rings, Function<BackendKey, @Nullable Hop> hops) {
    List<Backend> reachable =
        vip.backends().stream().filter(each -> isReachable(each, hops)).toList();
    return rings.key(vip.algorithm(), reachable);
  }

  private static boolean isReachable(Backend backend, Function<BackendKey, @Nullable Hop> hops) {
    return backend.local() || hops.apply(backend.key()) != null;
  }

  private void planWrites(
      InstalledState.@Nullable Installed before, InstalledState.Installed after) {
    RingState ringBefore = before == null ? null : before.slots();
    RingState ring = after.slots();
    if (ringBefore == null || (ring != ringBefore && isDifferent(ring, ringBefore))) {
      planDeadline(after.number(), ringBefore, ring);
      batch.add(new Operation.PutRing(after.number(), ringBefore, ring));
    }
    planEntry(before, after);
  }

  /**
   * Plans a deadline that is later than any that follows from the windows, see {@link Plan#begin}.
   */
  private void planDeadline(int vip, @Nullable RingState before, RingState after) {
    Duration end = after.until().orElse(null);
    if (end != null) {
      Duration earlier = before == null ? end : before.until().orElse(end);
      first.add(
          new Operation.PutDeadline(
              vip,
              Comparators.max(end, earlier)
                  .plus(ChangeWindow.GRACE)
                  .plus(ChangeWindow.INSTALLATION)
                  .minus(circumstances.now())));
    }
  }

  private static boolean isDifferent(RingState ring, RingState before) {
    return ring.isDeferred() || !ring.slots().equals(before.slots());
  }

  private void planEntry(
      InstalledState.@Nullable Installed before, InstalledState.Installed after) {
    VipEntry entryBefore = before == null ? null : before.entry(from.watched());
    VipEntry entryAfter = after.entry(desired.watched());
    if (!entryAfter.equals(entryBefore)) {
      batch.add(new Operation.PutVip(after.vip().key(), entryBefore, entryAfter));
    }
  }

  /** Plans the entries of VIPs that do not change, but are now watched, or no longer. */
  private void planWatched(List<Vip> changed) {
    if (desired.watched().equals(from.watched())) {
      return;
    }
    Set<VipKey> watched = new LinkedHashSet<>();
    from.watched().ifPresent(watched::add);
    desired.watched().ifPresent(watched::add);
    watched.removeAll(desired.removed());
    changed.forEach(vip -> watched.remove(vip.key()));
    for (VipKey key : watched) {
      InstalledState.Installed vip = from.vips().get(key);
      if (vip != null) {
        planEntry(vip, vip);
      }
    }
  }

  private void planPings(List<Vip> changed, Set<VipKey> removed) {
    Set<Destination> destinations = new LinkedHashSet<>();
    changed.forEach(vip -> destinations.add(Destination.of(vip.key())));
    removed.forEach(key -> destinations.add(Destination.of(key)));
    for (Destination destination : destinations) {
      boolean answers = census.destinations().containsKey(destination);
      if (answers != from.census().destinations().containsKey(destination)) {
        batch.add(new Operation.AnswerPing(destination, answers));
      }
    }
  }

  /** Plans the removal of VIPs and of marks, and returns the marks that remain. */
  private ImmutableSetMultimap<VipKey, BackendKey> planRemovals(Set<VipKey> removed) {
    ImmutableSetMultimap<VipKey, BackendKey> down =
        removed.isEmpty() && gone.isEmpty() ? desired.down() : remainingDown();
    checkLimit("marks of down backends", down.size(), TableCapacity.DOWN);
    boolean isSame = down.equals(from.down());
    Set<DownKey> before = isSame ? Set.of() : downKeys(from.down(), from.vips(), from.backends());
    Set<DownKey> after = isSame ? Set.of() : downKeys(down, vips, backends);
    planMarks(Sets.difference(after, before), true);
    for (VipKey key : removed) {
      InstalledState.Installed vip = find(key);
      batch.add(new Operation.PutVip(key, vip.entry(from.watched()), null));
      staleFlows.removed(vip);
      unusedVips.add(vip.number());
    }
    planMarks(Sets.difference(before, after), false);
    return down;
  }

  private void planMarks(Set<DownKey> keys, boolean down) {
    if (!keys.isEmpty()) {
      batch.add(new Operation.Mark(Set.copyOf(keys), down));
    }
  }

  /** Returns the marks whose VIP and backend remain. */
  private ImmutableSetMultimap<VipKey, BackendKey> remainingDown() {
    ImmutableSetMultimap.Builder<VipKey, BackendKey> remaining = ImmutableSetMultimap.builder();
    desired
        .down()
        .forEach((vip, backend) -> {
          if (vips.containsKey(vip) && backends.containsKey(backend)) {
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

  /** Returns the marks of down backends in the dataplane. */
  static Map<DownKey, Integer> downMarks(InstalledState state) {
    Map<DownKey, Integer> marks = new HashMap<>();
    downKeys(state.down(), state.vips(), state.backends()).forEach(key -> marks.put(key, 1));
    return marks;
  }

  /**
   * Returns the features that the program needs for the new state. Once slots have changed, the
   * program stays able to change slots.
   */
  private Features neededFeatures() {
    boolean changes = from.features().changes() || rings.changesSlots();
    return census.neededFeatures(desired.watched().filter(vips::containsKey), changes);
  }

  /** Returns the features that the program needs for a state. It has them, and may have others. */
  static Features neededFeatures(InstalledState state) {
    return state
        .census()
        .neededFeatures(
            state.watched().filter(state.vips()::containsKey), state.features().changes());
  }
}
