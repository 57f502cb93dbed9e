package dev.katran.internal.control;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Sets;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Encapsulation;
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
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
      Function<InetAddress, @Nullable Hop> hops,
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
  private final StaleFlows staleFlows;

  private final Map<VipKey, InstalledState.Installed> vips = new LinkedHashMap<>();
  private final Map<Integer, Duration> longerIdle = new HashMap<>();
  private final Set<BackendKey> added = new LinkedHashSet<>();
  private final Set<BackendKey> gone = new LinkedHashSet<>();
  private final List<Integer> unusedVips = new ArrayList<>();
  private final List<Integer> unusedBackends = new ArrayList<>();
  private final List<Operation> first = new ArrayList<>();
  private final List<Operation> batch = new ArrayList<>();
  private ImmutableMap<BackendKey, InstalledState.InstalledBackend> backends;

  /** Whether a backend that is new or changes uses GUE. */
  private boolean usesGue;

  Planner(InstalledState from, DesiredState desired, Circumstances circumstances) {
    this.from = from;
    this.desired = desired;
    this.circumstances = circumstances;
    this.vipIndices = circumstances.vipIndices().reserve();
    this.backendIndices = circumstances.backendIndices().reserve();
    this.start = new ChangeWindow.Start(circumstances.now());
    this.rings = new RingPlanner(from, start, circumstances.limitedFlows());
    this.staleFlows = new StaleFlows(from);
    this.backends = from.backends();
  }

  /**
   * Plans the change.
   *
   * @throws IllegalArgumentException if the desired state is invalid
   * @throws Failure if it exceeds a limit
   */
  Plan plan() {
    checkLimit("VIPs", desired.vips().size(), circumstances.config().limits().vips());
    Set<VipKey> changed = new LinkedHashSet<>();
    desired
        .vips()
        .forEach((key, vip) -> {
          if (isDifferent(vip, from.vips().get(key), circumstances.moved())) {
            changed.add(key);
          }
        });
    Set<VipKey> removed = Sets.difference(from.vips().keySet(), desired.vips().keySet());
    planBackends(changed, removed);
    desired
        .vips()
        .forEach((key, vip) ->
            vips.put(key, changed.contains(key) ? planVip(vip) : unchanged(find(key))));
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
        new CleanUp(staleFlows, unusedVips, unusedBackends),
        new InstalledState(ImmutableMap.copyOf(vips), backends, down, desired.watched(), during),
        added,
        gone,
        vipIndices,
        backendIndices,
        start);
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
   * Returns whether a VIP is to be planned.
   *
   * @param before the installed VIP with its key, or null
   * @param moved the backends whose next hop was found or lost
   */
  static boolean isDifferent(
      Vip vip, InstalledState.@Nullable Installed before, Set<BackendKey> moved) {
    return before == null
        || !before.vip().equals(vip)
        || (!moved.isEmpty()
            && vip.backends().stream().anyMatch(backend -> moved.contains(backend.key())));
  }

  private void planBackends(Set<VipKey> changed, Set<VipKey> removed) {
    BackendReferences references = new BackendReferences(from.backends());
    Sets.union(removed, Sets.intersection(changed, from.vips().keySet()))
        .forEach(key -> find(key).vip().backends().forEach(references::remove));
    desired.removedReferences().forEach(references::remove);
    for (VipKey key : changed) {
      Vip vip = Objects.requireNonNull(desired.vips().get(key));
      vip.backends().forEach(backend -> references.add(backend, key.toString()));
    }
    desired.addedReferences().forEach(backend -> references.add(backend, "a table"));
    Map<BackendKey, BackendReferences.Touched> touched = references.touched();
    touched.values().removeIf(each -> !each.hasChanged());
    if (!touched.isEmpty()) { // otherwise not even a copy is made: there may be 65535
      Map<BackendKey, InstalledState.InstalledBackend> after = new HashMap<>(from.backends());
      touched.forEach((key, each) -> planBackend(key, each, after));
      checkLimit("backends", after.size(), circumstances.config().limits().backends());
      backends = ImmutableMap.copyOf(after);
    }
  }

  private void planBackend(
      BackendKey key,
      BackendReferences.Touched touched,
      Map<BackendKey, InstalledState.InstalledBackend> after) {
    InstalledState.InstalledBackend before = touched.before();
    Delivery delivery = touched.delivery();
    if (delivery == null) {
      if (before != null) {
        after.remove(key);
        gone.add(key);
        staleFlows.removedBackend(before.number());
        unusedBackends.add(before.number());
      }
      return;
    }
    checkSource(key, delivery);
    usesGue |= delivery.encapsulation() instanceof Encapsulation.Gue;
    int number = before == null ? backendIndices.allocate() : before.number();
    after.put(key, new InstalledState.InstalledBackend(number, delivery, touched.users()));
    if (before == null) {
      added.add(key);
      first.add(new Operation.PutBackend(number, null, entry(key, delivery)));
    } else if (!before.delivery().equals(delivery)) {
      first.add(
          new Operation.PutBackend(number, entry(key, before.delivery()), entry(key, delivery)));
    }
  }

  private BackendEntry entry(BackendKey key, Delivery delivery) {
    return delivery.entry(key.address(), circumstances.hops().apply(key.address()));
  }

  private void checkSource(BackendKey backend, Delivery delivery) {
    if (delivery.encapsulation() instanceof Encapsulation.Gue
        && circumstances.config().gue().sourceTowards(backend.address()) == null) {
      throw new IllegalArgumentException(
          "backend %s via GUE needs an outer source address of its family; set sourceAddress on the"
                  .formatted(backend)
              + " builder");
    }
  }

  private InstalledState.Installed planVip(Vip vip) {
    InstalledState.Installed before = from.vips().get(vip.key());
    Duration window = vip.changeWindow().orElse(defaultWindow());
    RingPlanner.Planned ring =
        rings.plan(
            before,
            vip,
            circumstances.rings().get(ringKey(vip)),
            unreachable(vip),
            window,
            this::number);
    InstalledState.Installed after =
        new InstalledState.Installed(
            vip,
            before == null ? vipIndices.allocate() : before.number(),
            ring.ring(),
            ring.slots(),
            InstalledState.Installed.idle(vip, ring.slots(), window));
    planWrites(before, after);
    if (before != null) {
      if (RingPlanner.keepsFlows(before.vip(), vip)
          && after.idle().compareTo(before.idle()) > 0
          && from.features().tracksFlows()) {
        longerIdle.put(before.number(), before.idle());
      }
      staleFlows.changed(before, vip);
    }
    return after;
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

  /** Returns what the ring of a VIP depends on: its reachable backends. */
  private RingCache.Key ringKey(Vip vip) {
    return ringKey(vip, circumstances.hops());
  }

  /** Returns what the ring of a VIP depends on: its backends that have a next hop or are local. */
  static RingCache.Key ringKey(Vip vip, Function<InetAddress, @Nullable Hop> hops) {
    List<Backend> reachable =
        vip.backends().stream().filter(each -> isReachable(each, hops)).toList();
    return RingCache.Key.of(vip.algorithm(), reachable);
  }

  private static boolean isReachable(Backend backend, Function<InetAddress, @Nullable Hop> hops) {
    return backend.local() || hops.apply(backend.address()) != null;
  }

  private void planWrites(
      InstalledState.@Nullable Installed before, InstalledState.Installed after) {
    if (before == null || !before.slots().slots().equals(after.slots().slots())) {
      batch.add(
          new Operation.PutRing(
              after.number(),
              before == null ? null : before.slots().slots(),
              after.slots().slots()));
    }
    planEntry(before, after);
  }

  private void planEntry(
      InstalledState.@Nullable Installed before, InstalledState.Installed after) {
    VipEntry entryBefore = before == null ? null : before.entry(from.watched());
    VipEntry entryAfter = after.entry(desired.watched());
    if (!entryAfter.equals(entryBefore)) {
      batch.add(new Operation.PutVip(after.vip().key(), entryBefore, entryAfter));
    }
  }

  /** Keeps a VIP, whose entry changes nevertheless if it is now watched, or no longer. */
  private InstalledState.Installed unchanged(InstalledState.Installed vip) {
    planEntry(vip, vip);
    return vip;
  }

  private void planPings(Set<VipKey> changed, Set<VipKey> removed) {
    if (removed.isEmpty() && from.vips().keySet().containsAll(changed)) {
      return;
    }
    Set<Destination> before = destinations(from.vips().keySet());
    Set<Destination> after = destinations(desired.vips().keySet());
    Sets.difference(after, before)
        .forEach(destination -> batch.add(new Operation.AnswerPing(destination, true)));
    Sets.difference(before, after)
        .forEach(destination -> batch.add(new Operation.AnswerPing(destination, false)));
  }

  private static Set<Destination> destinations(Set<VipKey> keys) {
    Set<Destination> destinations = new HashSet<>();
    keys.forEach(key -> destinations.add(Destination.of(key)));
    return destinations;
  }

  /** Plans the removal of VIPs and of marks, and returns the marks that remain. */
  private ImmutableSetMultimap<VipKey, BackendKey> planRemovals(Set<VipKey> removed) {
    ImmutableSetMultimap<VipKey, BackendKey> down = remainingDown();
    checkLimit("marks of down backends", down.size(), TableCapacity.DOWN);
    Set<DownKey> before = downKeys(from.down(), from.vips(), from.backends());
    Set<DownKey> after = downKeys(down, vips, backends);
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
          if (desired.vips().containsKey(vip) && backends.containsKey(backend)) {
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

  /**
   * Returns the features that the program needs for the new state. Once slots have changed, the
   * program stays able to change slots.
   */
  private Features neededFeatures() {
    boolean changes = from.features().changes() || rings.changesSlots();
    boolean gue = usesGue || (from.features().gue() && usesGue(backends));
    return neededFeatures(vips, gue, desired.watched(), changes);
  }

  /** Returns the features that the program needs for a state. It has them, and may have others. */
  static Features neededFeatures(InstalledState state) {
    Features features = state.features();
    boolean gue = features.gue() && usesGue(state.backends());
    return neededFeatures(state.vips(), gue, state.watched(), features.changes());
  }

  private static boolean usesGue(Map<BackendKey, InstalledState.InstalledBackend> backends) {
    return backends.values().stream()
        .anyMatch(backend -> backend.delivery().encapsulation() instanceof Encapsulation.Gue);
  }

  private static Features neededFeatures(
      Map<VipKey, InstalledState.Installed> vips,
      boolean gue,
      Optional<VipKey> watched,
      boolean changes) {
    int flags = 0;
    boolean prefixes = false;
    for (InstalledState.Installed installed : vips.values()) {
      flags |= InstalledState.flags(installed.vip(), watched);
      prefixes |= installed.vip().key().prefix().isPresent();
    }
    return new Features(flags, gue, prefixes, changes);
  }
}
