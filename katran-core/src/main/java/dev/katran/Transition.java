package dev.katran;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Sets;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.Destination;
import dev.katran.dataplane.DownKey;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.RingSlots;
import dev.katran.dataplane.VipEntry;
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
 * Takes the dataplane from one state to another, all or nothing: what is new is written first, then
 * what changes is changed, and what is old is removed last, so that no packet finds a table that
 * refers to nothing. Each step leaves behind how to undo it; if one fails, those before it are
 * undone in reverse order and the state is what it was.
 */
final class Transition {

  private static final Logger log = LoggerFactory.getLogger(Transition.class);

  private final Dataplane dataplane;
  private final Limits limits;
  private final Numbers vipNumbers;
  private final Numbers backendNumbers;
  private final State from;
  private final Wanted wanted;
  private final Instant deadline;
  private final Duration window;
  private final FlowPurge purge;

  private final Deque<Runnable> undo = new ArrayDeque<>();
  private final List<Runnable> afterwards = new ArrayList<>();
  private final Map<VipKey, Ring> rings = new HashMap<>();
  private final Map<VipKey, State.Installed> vips = new LinkedHashMap<>();
  private final Map<InetAddress, State.InstalledBackend> backends = new HashMap<>();

  /**
   * A transition.
   *
   * @param window how long from now on slots are changing that get another backend
   */
  Transition(
      Dataplane dataplane,
      Limits limits,
      Numbers vipNumbers,
      Numbers backendNumbers,
      State from,
      Wanted wanted,
      Instant now,
      Duration window) {
    this.dataplane = dataplane;
    this.limits = limits;
    this.vipNumbers = vipNumbers;
    this.backendNumbers = backendNumbers;
    this.from = from;
    this.wanted = wanted;
    this.deadline = now.plus(window);
    this.window = window;
    this.purge = new FlowPurge(from);
  }

  /**
   * Makes the dataplane hold what is wanted.
   *
   * @param reached all backends, as {@link Wanted#backends} says
   * @param hops the next hops of the backends, as far as they are known
   * @throws RuntimeException whatever a step threw; nothing has changed then
   */
  State run(Map<InetAddress, Reach> reached, Map<InetAddress, Hop> hops) {
    wanted.vips.values().forEach(this::buildRing);
    Features needed = wanted.features(reached, changesSlots());
    Features ready = from.features().and(needed);
    ImmutableSetMultimap<VipKey, InetAddress> down = stillDown(reached.keySet());
    try {
      if (!ready.equals(from.features())) {
        step(() -> dataplane.use(ready), () -> dataplane.use(from.features()));
      }
      reached.forEach((address, reach) -> installBackend(address, reach, hops.get(address)));
      dataplane.together(() -> installAll(down));
      Sets.difference(from.backends().keySet(), reached.keySet()).forEach(this::removeBackend);
    } catch (RuntimeException | Error e) {
      rollBack(e);
      throw e;
    }
    if (purge.isNeeded()) {
      // before the numbers are given to others
      cleanUp(() -> dataplane.flows().removeIf(purge));
    }
    afterwards.forEach(Transition::cleanUp);
    boolean dropped = ready.equals(needed) || cleanUp(() -> dataplane.use(needed));
    return new State(
        ImmutableMap.copyOf(vips),
        ImmutableMap.copyOf(backends),
        ImmutableMap.copyOf(wanted.named),
        down,
        wanted.watched,
        dropped ? needed : ready);
  }

  /** Packets meet the VIPs as they were before, or as they are after all this. */
  private void installAll(ImmutableSetMultimap<VipKey, InetAddress> down) {
    wanted.vips.values().forEach(this::install);
    answerPings(destinations(from.vips().keySet()), destinations(wanted.vips.keySet()));
    wanted.steps.forEach(this::writeTable);
    Set<DownKey> before = downKeys(from.down(), from.vips(), from.backends());
    Set<DownKey> after = downKeys(down, vips, backends);
    markDown(Sets.difference(after, before).immutableCopy());
    Sets.difference(from.vips().keySet(), wanted.vips.keySet())
        .forEach(key -> removeVip(key, find(key)));
    markUp(Sets.difference(before, after).immutableCopy());
  }

  private static Set<Destination> destinations(Set<VipKey> keys) {
    Set<Destination> destinations = new HashSet<>();
    keys.forEach(key -> destinations.add(key.destination()));
    return destinations;
  }

  private State.Installed find(VipKey key) {
    return Objects.requireNonNull(from.vips().get(key));
  }

  private void installBackend(InetAddress address, Reach reach, @Nullable Hop hop) {
    State.InstalledBackend before = from.backends().get(address);
    BackendEntry entry = entry(address, reach, hop);
    int number = before == null ? addBackend(entry) : changeBackend(before, reach, entry);
    backends.put(address, new State.InstalledBackend(number, reach));
  }

  /** What the dataplane is told of a backend. */
  static BackendEntry entry(InetAddress address, Reach reach, @Nullable Hop hop) {
    return new BackendEntry(address, reach.encapsulation(), reach.local(), hop);
  }

  private int addBackend(BackendEntry entry) {
    int number = backendNumbers.take();
    undo.push(() -> backendNumbers.free(number));
    dataplane.clear(new Counter.OfBackend(number));
    dataplane.clear(new Counter.WatchedMisses(number));
    step(() -> dataplane.putBackend(number, entry), () -> dataplane.removeBackend(number));
    return number;
  }

  private int changeBackend(State.InstalledBackend before, Reach reach, BackendEntry entry) {
    int number = before.number();
    if (!before.reach().equals(reach)) {
      BackendEntry old = entry(entry.address(), before.reach(), entry.hop());
      step(() -> dataplane.putBackend(number, entry), () -> dataplane.putBackend(number, old));
    }
    return number;
  }

  private void install(Vip vip) {
    State.Installed before = from.vips().get(vip.key());
    vips.put(vip.key(), before == null ? add(vip) : change(before, vip));
  }

  private State.Installed add(Vip vip) {
    int number = vipNumbers.take();
    undo.push(() -> vipNumbers.free(number));
    for (Counter.VipEvent event : Counter.VipEvent.values()) {
      dataplane.clear(new Counter.OfVip(number, event));
    }
    Ring ring = ringOf(vip);
    State.Installed added =
        new State.Installed(vip, number, ring, RingState.stable(numbersOf(ring)), idle(vip));
    step(() -> putRing(added), () -> dataplane.removeRing(number));
    step(() -> putVip(added, wanted.watched), () -> dataplane.removeVip(vip.key()));
    return added;
  }

  private State.Installed change(State.Installed before, Vip vip) {
    VipEntry entryBefore = before.entry(from.watched());
    Ring ring = ringOf(vip);
    RingState slots = before.slots();
    if (!keepsFlows(before.vip(), vip)) {
      slots = RingState.stable(numbersOf(ring));
    } else {
      // a backend may leave without a change of the ring: while it is draining it has no slots
      Set<Integer> removed = from.leaving(before.vip(), vip);
      if (!ring.equals(before.ring()) || !removed.isEmpty()) {
        slots = slots.changeTo(numbersOf(ring), removed, deadline);
      }
    }
    State.Installed after = new State.Installed(vip, before.number(), ring, slots, idle(vip));
    if (before.vip().equals(vip) && after.entry(wanted.watched).equals(entryBefore)) {
      return before;
    }
    if (!slots.slots().equals(before.slots().slots())) {
      step(() -> putRing(after), () -> putRing(before));
    }
    forgetIdleFlows(before, after);
    if (!after.entry(wanted.watched).equals(entryBefore)) {
      step(() -> putVip(after, wanted.watched), () -> putVip(before, from.watched()));
    }
    purge.changed(before, vip);
    return after;
  }

  /** A flow that sends once in a window must not be forgotten within it. */
  private Duration idle(Vip vip) {
    return vip.idleTime().compareTo(window) < 0 ? window : vip.idleTime();
  }

  /**
   * Where the idle time gets longer, entries must not count again that did not any more: their
   * flows may have gone elsewhere since. There is nothing to undo.
   */
  private void forgetIdleFlows(State.Installed before, State.Installed after) {
    if (after.idle().compareTo(before.idle()) > 0
        && keepsFlows(before.vip(), after.vip())
        && from.features().remembersFlows()) {
      long idle = before.idle().toNanos();
      dataplane.flows().removeIf(entry -> entry.vip() == before.number() && entry.idle() > idle);
    }
  }

  /** Whether open flows stay where they are when one of the VIPs takes the place of the other. */
  private static boolean keepsFlows(Vip before, Vip after) {
    return before.tracking() == Tracking.ADAPTIVE
        && after.tracking() == Tracking.ADAPTIVE
        && before.hashing() == after.hashing();
  }

  /**
   * Whether rings may have slots that are not stable, during this change or from an earlier one.
   */
  private boolean changesSlots() {
    return from.features().changes() || wanted.vips.values().stream().anyMatch(this::changesSlots);
  }

  private boolean changesSlots(Vip vip) {
    State.Installed before = from.vips().get(vip.key());
    return before != null
        && keepsFlows(before.vip(), vip)
        && !before.ring().isEmpty()
        && !before.ring().equals(ringOf(vip));
  }

  /** Whether both have the same ring. */
  private static boolean servesAlike(Vip one, Vip other) {
    return one.algorithm() == other.algorithm()
        && Set.copyOf(one.backends()).equals(Set.copyOf(other.backends()));
  }

  /** Builds the ring of a VIP that is new or changed: before any write, as it may be large. */
  private void buildRing(Vip vip) {
    State.Installed before = from.vips().get(vip.key());
    rings.put(
        vip.key(),
        before != null && servesAlike(before.vip(), vip)
            ? before.ring()
            : Ring.of(limits, vip.algorithm(), vip.backends()));
  }

  private Ring ringOf(Vip vip) {
    return Objects.requireNonNull(rings.get(vip.key()));
  }

  private int[] numbersOf(Ring ring) {
    return ring.toNumbers(
        backend -> Objects.requireNonNull(backends.get(backend.address())).number());
  }

  private void putRing(State.Installed installed) {
    RingSlots slots = installed.slots().slots();
    if (slots.isEmpty()) {
      dataplane.removeRing(installed.number());
    } else {
      dataplane.putRing(installed.number(), slots);
    }
  }

  private void putVip(State.Installed installed, Optional<VipKey> watched) {
    dataplane.putVip(installed.vip().key(), installed.entry(watched));
  }

  private void answerPings(Set<Destination> before, Set<Destination> after) {
    for (Destination added : Sets.difference(after, before)) {
      step(() -> dataplane.answerPing(added, true), () -> dataplane.answerPing(added, false));
    }
    for (Destination removed : Sets.difference(before, after)) {
      step(() -> dataplane.answerPing(removed, false), () -> dataplane.answerPing(removed, true));
    }
  }

  private void writeTable(Wanted.TableStep step) {
    undo.push(() -> step.undo(from.backends())); // also of what is half done
    step.apply(backends);
  }

  private void removeVip(VipKey key, State.Installed removed) {
    step(() -> dataplane.removeVip(key), () -> putVip(removed, from.watched()));
    purge.removed(removed);
    afterwards.add(() -> {
      dataplane.removeRing(removed.number());
      vipNumbers.free(removed.number());
    });
  }

  private void removeBackend(InetAddress address) {
    int number = Objects.requireNonNull(from.backends().get(address)).number();
    purge.removedBackend(number);
    afterwards.add(() -> {
      dataplane.removeBackend(number);
      backendNumbers.free(number);
    });
  }

  /** The marks whose VIP and backend are still there. */
  private ImmutableSetMultimap<VipKey, InetAddress> stillDown(Set<InetAddress> reached) {
    ImmutableSetMultimap.Builder<VipKey, InetAddress> still = ImmutableSetMultimap.builder();
    wanted.down.forEach((vip, backend) -> {
      if (wanted.vips.containsKey(vip) && reached.contains(backend)) {
        still.put(vip, backend);
      }
    });
    return still.build();
  }

  private static Set<DownKey> downKeys(
      ImmutableSetMultimap<VipKey, InetAddress> down,
      Map<VipKey, State.Installed> vips,
      Map<InetAddress, State.InstalledBackend> backends) {
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

  private void step(Runnable forth, Runnable back) {
    forth.run();
    undo.push(back);
  }

  /** The new state is in force: what cannot be freed costs memory, and nothing else. */
  private static boolean cleanUp(Runnable step) {
    try {
      step.run();
      return true;
    } catch (RuntimeException e) {
      log.warn("something that is not used any more could not be removed", e);
      return false;
    }
  }

  private void rollBack(Throwable cause) {
    suppress(cause, () -> dataplane.together(() -> undo.forEach(step -> suppress(cause, step))));
  }

  private static void suppress(Throwable cause, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
