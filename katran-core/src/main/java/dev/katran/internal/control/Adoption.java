package dev.katran.internal.control;

import com.google.common.collect.Comparators;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.VipKey;
import dev.katran.internal.configuration.Answers;
import dev.katran.internal.control.InstalledState.Installed;
import dev.katran.internal.control.InstalledState.InstalledBackend;
import dev.katran.internal.control.StoredState.Replayed;
import dev.katran.internal.control.StoredState.StoredVip;
import dev.katran.internal.control.StoredState.StoredWindow;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.packet.Hop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * Finds out what an earlier control plane has installed: what its log tells, and the rings and next
 * hops that are in the dataplane. If a change was interrupted, some VIPs have their old ring and
 * others the new one. Each is taken for what its ring says; the change is finished afterwards, as
 * any other change.
 */
final class Adoption {

  private final Replayed log;
  private final Dataplane dataplane;
  private final RingCache rings;
  private final Duration now;
  private final long limitedFlows;

  private final Map<BackendKey, InstalledBackend> backends = new HashMap<>();
  private final Map<BackendKey, Hop> hops = new HashMap<>();
  private PMap<VipKey, Installed> vips = HashTreePMap.empty();
  private Census census = Census.EMPTY;

  Adoption(Replayed log, Dataplane dataplane, RingCache rings, Duration now, long limitedFlows) {
    this.log = log;
    this.dataplane = dataplane;
    this.rings = rings;
    this.now = now;
    this.limitedFlows = limitedFlows;
  }

  /**
   * Returns the state that is installed, for a program that has the features of the state after an
   * interrupted change as well.
   *
   * @param references the backends that tables name, each with the number of entries
   * @param routes those of them that source routes lead to
   */
  InstalledState state(Map<Backend, Integer> references, Map<Backend, Integer> routes) {
    List<StoredVip> chosen = chosen();
    references.forEach((backend, count) -> addUsers(backend, count));
    for (StoredVip vip : chosen) {
      vip.vip().backends().forEach(backend -> addUsers(backend, 1));
      vip.serving().forEach(this::addServing);
    }
    for (StoredVip vip : chosen) {
      Installed installed = installed(vip);
      vips = vips.plus(vip.vip().key(), installed);
      census = census.replace(null, installed);
    }
    for (InstalledBackend backend : backends.values()) {
      census = census.replace(null, backend.delivery());
    }
    Optional<VipKey> watched = log.committed().watched;
    return new InstalledState(
        vips,
        HashTreePMap.from(backends),
        census,
        answers(chosen),
        rewritten(routes),
        log.committed().down,
        watched,
        features(watched));
  }

  /**
   * Returns the VIPs that answers belong to. If a change was interrupted, old and new VIPs may have
   * the same server: it is taken for the new one's, which finishing the change leaves alone.
   */
  private Answers answers(List<StoredVip> chosen) {
    Answers answers = Answers.NONE;
    for (boolean isNew : new boolean[] {false, true}) {
      answers =
          AnswersPlan.add(
              answers,
              chosen.stream()
                  .filter(vip -> isNew != vip.equals(log.committed().vips.get(vip.vip().key())))
                  .map(StoredVip::vip)
                  .toList());
    }
    return answers;
  }

  private static PMap<BackendKey, Integer> rewritten(Map<Backend, Integer> routes) {
    PMap<BackendKey, Integer> rewritten = HashTreePMap.empty();
    for (Map.Entry<Backend, Integer> route : routes.entrySet()) {
      if (route.getKey().forwarding().equals(Forwarding.rewrite())) {
        rewritten = rewritten.plus(route.getKey().key(), route.getValue());
      }
    }
    return rewritten;
  }

  /** Returns the next hops in the dataplane. */
  Map<BackendKey, Hop> hops() {
    return hops;
  }

  private Features features(Optional<VipKey> watched) {
    boolean changes = !census.unstable().isEmpty();
    Features now = census.neededFeatures(watched.filter(vips::containsKey), changes);
    StoredState next = log.next();
    if (next == null) {
      return now;
    }
    Census after = Census.EMPTY;
    for (StoredVip vip : next.vips.values()) {
      after = after.replace(null, placeholder(vip));
      for (Backend backend : vip.vip().backends()) {
        after = after.replace(null, Delivery.of(backend));
      }
    }
    return now.and(after.neededFeatures(next.watched, /* changes= */ true));
  }

  private Installed placeholder(StoredVip vip) {
    return new Installed(
        vip.vip(), vip.number(), key(vip), RingState.stable(new int[0]), vip.idle());
  }

  private List<StoredVip> chosen() {
    StoredState before = log.committed();
    StoredState next = log.next();
    if (next == null) {
      return List.copyOf(before.vips.values());
    }
    Set<VipKey> keys = new LinkedHashSet<>(before.vips.keySet());
    keys.addAll(next.vips.keySet());
    List<StoredVip> chosen = new ArrayList<>();
    for (VipKey key : keys) {
      StoredVip vip = choose(before.vips.get(key), next.vips.get(key));
      if (vip != null) {
        chosen.add(vip);
      }
    }
    return chosen;
  }

  /** Returns the VIP whose ring is in force; null if the VIP is new and has none. */
  private @Nullable StoredVip choose(@Nullable StoredVip before, @Nullable StoredVip after) {
    if (after == null) {
      return before;
    }
    Long place = log.places().get(after.number());
    if (place == null || dataplane.rings().place(after.number()) == place) {
      return before;
    }
    return after.with(after.idle(), restarted(after.window()));
  }

  /** Returns a window that begins now: when exactly its ring was installed is not known. */
  private @Nullable StoredWindow restarted(@Nullable StoredWindow window) {
    return window == null
        ? null
        : new StoredWindow(
            window.since(), now.plus(window.until().minus(window.since())), window.extensions());
  }

  private int number(BackendKey key) {
    Integer number = log.committed().backends.get(key);
    StoredState next = log.next();
    if (number == null && next != null) {
      number = next.backends.get(key);
    }
    if (number == null) {
      throw new IllegalStateException("the log names no index of backend " + key);
    }
    return number;
  }

  private void addUsers(Backend backend, int count) {
    InstalledBackend known = backends.get(backend.key());
    Delivery delivery = Delivery.of(backend);
    if (known != null) {
      backends.put(
          backend.key(),
          new InstalledBackend(known.number(), delivery, known.users() + count, known.serving()));
      return;
    }
    int number = number(backend.key());
    backends.put(backend.key(), new InstalledBackend(number, delivery, count, 0));
    Hop hop = dataplane.backends().hop(number, delivery.entry(backend.key(), null));
    if (hop != null) {
      hops.put(backend.key(), hop);
    }
  }

  private void addServing(BackendKey key) {
    InstalledBackend known = Objects.requireNonNull(backends.get(key));
    backends.put(
        key,
        new InstalledBackend(known.number(), known.delivery(), known.users(), known.serving() + 1));
  }

  private RingCache.Key key(StoredVip vip) {
    return rings.key(
        vip.vip().algorithm(),
        vip.vip().backends().stream()
            .filter(backend -> vip.serving().contains(backend.key()))
            .toList());
  }

  private Installed installed(StoredVip stored) {
    RingCache.Key key = key(stored);
    RingState stable = rings.stable(key, this::number);
    RingSlots slots = dataplane.rings().adopt(stored.number(), stable.slots());
    RingState ring =
        slots == null || slots.isStable()
            ? stable
            : RingState.adopted(slots, ChangeWindow.adopted(window(stored), limitedFlows));
    return new Installed(stored.vip(), stored.number(), key, ring, stored.idle());
  }

  /**
   * Returns the window of slots that are not stable. It ends before the dataplane ends it by
   * itself: flows that begin after that have no entries.
   */
  private StoredWindow window(StoredVip stored) {
    StoredWindow window = stored.window();
    Duration left = dataplane.deadlines().left(stored.number());
    if (window == null || left == null) {
      return window == null ? new StoredWindow(now, now, 0) : window;
    }
    Duration end = Comparators.max(window.since(), now.plus(left).minus(ChangeWindow.GRACE));
    return new StoredWindow(
        window.since(), Comparators.min(window.until(), end), window.extensions());
  }

  /** Tells the dataplane's VIP table what is in it. */
  static void tell(InstalledState state, Dataplane dataplane) {
    dataplane
        .vips()
        .adopt(() -> {
          for (Installed vip : state.vips().values()) {
            dataplane.vips().put(vip.vip().key(), vip.entry(state.watched()));
          }
          for (Destination destination : state.census().destinations().keySet()) {
            dataplane.vips().answerPing(destination, true);
          }
        });
  }
}
