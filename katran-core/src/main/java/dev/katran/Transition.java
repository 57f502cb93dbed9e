package dev.katran;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Sets;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.VipEntry;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  private final Deque<Runnable> undo = new ArrayDeque<>();
  private final List<Runnable> afterwards = new ArrayList<>();
  private final Map<VipKey, Ring> rings = new HashMap<>();
  private final Map<VipKey, State.Installed> vips = new LinkedHashMap<>();
  private final Map<InetAddress, State.InstalledBackend> backends = new HashMap<>();

  Transition(
      Dataplane dataplane, Limits limits, Numbers vipNumbers, Numbers backendNumbers, State from) {
    this.dataplane = dataplane;
    this.limits = limits;
    this.vipNumbers = vipNumbers;
    this.backendNumbers = backendNumbers;
    this.from = from;
  }

  /**
   * Makes the dataplane hold these VIPs and no others.
   *
   * @param hops the next hops of the backends, as far as they are known
   * @throws RuntimeException whatever a step threw; nothing has changed then
   */
  State to(Map<VipKey, Vip> wanted, Map<InetAddress, Hop> hops) {
    wanted.values().forEach(this::buildRing);
    try {
      Map<InetAddress, Encapsulation> reached = backendsOf(wanted.values());
      reached.forEach(
          (address, encapsulation) -> installBackend(address, encapsulation, hops.get(address)));
      wanted.values().forEach(this::install);
      answerPings(addressesOf(from.vips().keySet()), addressesOf(wanted.keySet()));
      Sets.difference(from.vips().keySet(), wanted.keySet())
          .forEach(key -> removeVip(key, find(key)));
      Sets.difference(from.backends().keySet(), reached.keySet()).forEach(this::removeBackend);
    } catch (RuntimeException | Error e) {
      rollBack(e);
      throw e;
    }
    afterwards.forEach(Transition::cleanUp);
    return new State(ImmutableMap.copyOf(vips), ImmutableMap.copyOf(backends));
  }

  /**
   * All backends, in the order in which they come, and how each is reached.
   *
   * @throws IllegalArgumentException if a backend is reached differently by two VIPs
   */
  static Map<InetAddress, Encapsulation> backendsOf(Iterable<Vip> vips) {
    Map<InetAddress, Encapsulation> reached = new LinkedHashMap<>();
    for (Vip vip : vips) {
      for (Backend backend : vip.backends()) {
        Encapsulation other = reached.putIfAbsent(backend.address(), backend.encapsulation());
        if (other != null && !other.equals(backend.encapsulation())) {
          throw new IllegalArgumentException(
              "backend %s is via %s for %s, and via %s for another VIP: change all in one apply()"
                  .formatted(
                      Addresses.text(backend.address()),
                      backend.encapsulation(),
                      vip.key(),
                      other));
        }
      }
    }
    return reached;
  }

  private static Set<InetAddress> addressesOf(Set<VipKey> keys) {
    Set<InetAddress> addresses = new HashSet<>();
    keys.forEach(key -> addresses.add(key.address()));
    return addresses;
  }

  private State.Installed find(VipKey key) {
    return Objects.requireNonNull(from.vips().get(key));
  }

  private void installBackend(InetAddress address, Encapsulation encapsulation, @Nullable Hop hop) {
    State.InstalledBackend before = from.backends().get(address);
    BackendEntry entry = new BackendEntry(address, encapsulation, hop);
    backends.put(
        address,
        new State.InstalledBackend(
            before == null ? addBackend(entry) : changeBackend(before, entry), encapsulation));
  }

  private int addBackend(BackendEntry entry) {
    int number = backendNumbers.take();
    undo.push(() -> backendNumbers.free(number));
    dataplane.clear(new Counter.OfBackend(number));
    step(() -> dataplane.putBackend(number, entry), () -> dataplane.removeBackend(number));
    return number;
  }

  private int changeBackend(State.InstalledBackend before, BackendEntry entry) {
    int number = before.number();
    if (!before.encapsulation().equals(entry.encapsulation())) {
      BackendEntry old = new BackendEntry(entry.address(), before.encapsulation(), entry.hop());
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
    dataplane.clear(new Counter.OfVip(number));
    State.Installed added = new State.Installed(vip, number, ringOf(vip));
    step(() -> putRing(added, backends), () -> dataplane.removeRing(number));
    step(() -> putVip(added), () -> dataplane.removeVip(vip.key()));
    return added;
  }

  private State.Installed change(State.Installed before, Vip vip) {
    if (before.vip().equals(vip)) {
      return before;
    }
    Ring ring = ringOf(vip);
    State.Installed after = new State.Installed(vip, before.number(), ring);
    if (!ring.equals(before.ring())) {
      step(() -> putRing(after, backends), () -> putRing(before, from.backends()));
    }
    if (before.vip().hashing() != vip.hashing()) {
      step(() -> putVip(after), () -> putVip(before));
    }
    return after;
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

  private void putRing(
      State.Installed installed, Map<InetAddress, State.InstalledBackend> numbers) {
    if (installed.ring().isEmpty()) {
      dataplane.removeRing(installed.number());
      return;
    }
    int[] slots =
        installed
            .ring()
            .toNumbers(backend -> Objects.requireNonNull(numbers.get(backend.address())).number());
    dataplane.putRing(installed.number(), slots);
  }

  private void putVip(State.Installed installed) {
    Vip vip = installed.vip();
    dataplane.putVip(vip.key(), new VipEntry(installed.number(), vip.hashing().flags()));
  }

  private void answerPings(Set<InetAddress> before, Set<InetAddress> after) {
    for (InetAddress address : Sets.difference(after, before)) {
      step(() -> dataplane.answerPing(address, true), () -> dataplane.answerPing(address, false));
    }
    for (InetAddress address : Sets.difference(before, after)) {
      step(() -> dataplane.answerPing(address, false), () -> dataplane.answerPing(address, true));
    }
  }

  private void removeVip(VipKey key, State.Installed removed) {
    step(() -> dataplane.removeVip(key), () -> putVip(removed));
    afterwards.add(() -> {
      dataplane.removeRing(removed.number());
      vipNumbers.free(removed.number());
    });
  }

  private void removeBackend(InetAddress address) {
    int number = Objects.requireNonNull(from.backends().get(address)).number();
    afterwards.add(() -> {
      dataplane.removeBackend(number);
      backendNumbers.free(number);
    });
  }

  private void step(Runnable forth, Runnable back) {
    forth.run();
    undo.push(back);
  }

  /** The new state is in force: what cannot be freed costs memory, and nothing else. */
  private static void cleanUp(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      log.warn("something that is not used any more could not be removed", e);
    }
  }

  private void rollBack(Throwable cause) {
    for (Runnable step : undo) {
      try {
        step.run();
      } catch (RuntimeException e) {
        cause.addSuppressed(e);
      }
    }
  }
}
