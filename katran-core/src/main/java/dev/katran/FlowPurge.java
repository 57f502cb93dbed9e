package dev.katran;

import com.google.common.collect.HashMultimap;
import com.google.common.collect.SetMultimap;
import dev.katran.dataplane.FlowTable;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which entries a change makes void: those of backends that have left their VIP, and of VIPs and
 * backends that are gone, whose numbers others may get.
 */
final class FlowPurge implements Predicate<FlowTable.Entry> {

  private final State from;
  private final Set<Integer> vips = new HashSet<>();
  private final Set<Integer> backends = new HashSet<>();
  private final SetMultimap<Integer, Integer> backendsOfVip = HashMultimap.create();

  FlowPurge(State from) {
    this.from = from;
  }

  private boolean tracks(Vip vip) {
    return from.features().remembersFlows() && vip.tracking() != Tracking.NONE;
  }

  /**
   * Where the ring's slots lead to entries, a hash that finds other slots leads to none of them.
   */
  private static boolean namesFlowsAlike(Vip before, Vip after) {
    if (before.hashing() == after.hashing()) {
      return true;
    }
    boolean exactPort = before.port() != 0 && !before.key().isPrefix();
    return before.tracking() == Tracking.ALWAYS
        && before.hashing().tracksLike(after.hashing(), exactPort);
  }

  void changed(State.Installed before, Vip after) {
    if (!tracks(before.vip())) {
      return;
    }
    if (!tracks(after)
        || before.vip().tracking() != after.tracking()
        || !namesFlowsAlike(before.vip(), after)) {
      vips.add(before.number()); // nobody would look for them, or not by these names
      return;
    }
    backendsOfVip.putAll(before.number(), from.leaving(before.vip(), after));
  }

  void removed(State.Installed vip) {
    if (tracks(vip.vip())) {
      vips.add(vip.number());
    }
  }

  void removedBackend(int number) {
    if (from.features().remembersFlows()) {
      backends.add(number);
    }
  }

  boolean isNeeded() {
    return !vips.isEmpty() || !backends.isEmpty() || !backendsOfVip.isEmpty();
  }

  @Override
  public boolean test(FlowTable.Entry entry) {
    return vips.contains(entry.vip())
        || backends.contains(entry.backend())
        || backendsOfVip.containsEntry(entry.vip(), entry.backend());
  }
}
