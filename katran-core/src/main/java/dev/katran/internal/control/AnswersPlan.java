package dev.katran.internal.control;

import com.google.common.collect.Sets;
import dev.katran.BackendKey;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.configuration.Answers;
import dev.katran.internal.configuration.RoutedAnswers;
import dev.katran.internal.dataplane.ReverseKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.pcollections.PMap;

/**
 * Plans which VIP the answers of rewritten backends belong to. Used once. An entry is written
 * before the first packet can reach its backend. One that is no longer needed stays until no entry
 * of the flow table can lead to its backend, as the backend does.
 */
final class AnswersPlan {

  private final InstalledState from;
  private final Set<Answers.Server> touched = new HashSet<>();
  private Answers after;

  AnswersPlan(InstalledState from) {
    this.from = from;
    this.after = from.answers();
  }

  /**
   * Plans the servers of all VIPs that change.
   *
   * @throws IllegalArgumentException if two VIPs had the same server
   */
  void plan(List<Vip> changed, Set<VipKey> removed) {
    for (VipKey key : removed) {
      remove(key, installed(key));
    }
    Map<VipKey, Set<Answers.Server>> added = new HashMap<>();
    for (Vip vip : changed) {
      Set<Answers.Server> before = installed(vip.key());
      Set<Answers.Server> servers = Answers.serversOf(vip);
      remove(vip.key(), Sets.difference(before, servers));
      added.put(vip.key(), Set.copyOf(Sets.difference(servers, before)));
    }
    for (Vip vip : changed) {
      Set<Answers.Server> servers = Objects.requireNonNull(added.get(vip.key()));
      after = after.with(vip.key(), servers);
      touched.addAll(servers);
    }
  }

  private Set<Answers.Server> installed(VipKey key) {
    InstalledState.Installed installed = from.vips().get(key);
    return installed == null ? Set.of() : Answers.serversOf(installed.vip());
  }

  private void remove(VipKey vip, Set<Answers.Server> servers) {
    after = after.without(vip, servers);
    touched.addAll(servers);
  }

  /** Returns the servers afterwards. */
  Answers answers() {
    return after;
  }

  /**
   * Returns the writes of servers that get a VIP, or another one.
   *
   * @param areNew whether of VIPs that are new. Those are written after the VIP, whose address they
   *     refer to; the others before the ring that has the backend
   */
  List<Operation> writes(PMap<VipKey, InstalledState.Installed> vips, boolean areNew) {
    Map<ReverseKey, Integer> before = new HashMap<>();
    Map<ReverseKey, Integer> entries = new HashMap<>();
    for (Answers.Server server : touched) {
      VipKey owner = after.owner(server);
      VipKey ownerBefore = from.answers().owner(server);
      if (owner != null && !owner.equals(ownerBefore) && from.vips().containsKey(owner) != areNew) {
        entries.put(key(server), number(vips, owner));
        if (ownerBefore != null) {
          before.put(key(server), number(from.vips(), ownerBefore));
        }
      }
    }
    return entries.isEmpty() ? List.of() : List.of(new Operation.PutReverse(before, entries));
  }

  /** Returns the entries that are no longer needed. */
  List<ReverseKey> unused() {
    List<ReverseKey> unused = new ArrayList<>();
    for (Answers.Server server : touched) {
      if (from.answers().owner(server) != null && after.owner(server) == null) {
        unused.add(key(server));
      }
    }
    return unused;
  }

  private static int number(PMap<VipKey, InstalledState.Installed> vips, VipKey key) {
    return Objects.requireNonNull(vips.get(key)).number();
  }

  static ReverseKey key(Answers.Server server) {
    return new ReverseKey(server.address(), server.port(), server.protocol().number());
  }

  /** Returns whether the server of an entry belongs to a VIP. */
  static boolean isOwned(Answers answers, ReverseKey key) {
    Protocol protocol = key.protocol() == Protocol.TCP.number() ? Protocol.TCP : Protocol.UDP;
    return answers.owner(new Answers.Server(key.backend(), key.port(), protocol)) != null;
  }

  /** Returns the servers of installed VIPs, which have none in common. */
  static Answers of(InstalledState state) {
    return add(Answers.NONE, state.vipList());
  }

  /** Returns a copy in which the servers of VIPs belong to them, whatever they belonged to. */
  static Answers add(Answers answers, List<Vip> vips) {
    Answers next = answers;
    for (Vip vip : vips) {
      for (Answers.Server server : Answers.serversOf(vip)) {
        next = next.withOwner(vip.key(), server);
      }
    }
    return next;
  }

  /** Returns all entries of a state in the dataplane. */
  static Map<ReverseKey, Integer> entries(InstalledState state) {
    Map<ReverseKey, Integer> entries = new HashMap<>();
    for (InstalledState.Installed installed : state.vips().values()) {
      for (Answers.Server server : Answers.serversOf(installed.vip())) {
        entries.put(key(server), installed.number());
      }
    }
    return entries;
  }

  /**
   * Checks that answers of backends that source routes lead to get the VIP's address.
   *
   * @param routes the rewritten backends that source routes will lead to
   * @throws IllegalArgumentException if not
   */
  static void checkRoutes(
      InstalledState from,
      Map<BackendKey, Integer> routes,
      Iterable<Vip> changed,
      PMap<VipKey, InstalledState.Installed> vips) {
    if (routes.isEmpty()) {
      return;
    }
    for (Vip vip : changed) {
      routes.keySet().forEach(backend -> RoutedAnswers.check(vip, backend));
    }
    Set<BackendKey> added = Sets.difference(routes.keySet(), from.routes().keySet());
    if (!added.isEmpty()) {
      for (InstalledState.Installed installed : vips.values()) {
        added.forEach(backend -> RoutedAnswers.check(installed.vip(), backend));
      }
    }
  }
}
