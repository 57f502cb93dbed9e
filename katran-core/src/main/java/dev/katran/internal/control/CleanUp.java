package dev.katran.internal.control;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.ReverseKey;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Removes what a change has left unused. First removes the flow table entries of removed VIPs and
 * backends, which takes long and needs no lock, then the VIPs and backends, whose indices are free
 * only after that: an entry must not lead to the next owner of an index.
 *
 * @param flows selects the entries
 * @param vips the indices of removed VIPs
 * @param backends the indices of removed backends
 * @param reverse the entries of servers that belong to no VIP any more
 */
record CleanUp(
    StaleFlows flows, List<Integer> vips, List<Integer> backends, List<ReverseKey> reverse) {

  /** Returns whether nothing is left unused. */
  boolean isEmpty() {
    return !flows.isNeeded() && vips.isEmpty() && backends.isEmpty() && reverse.isEmpty();
  }

  /** Removes the flow table entries. */
  void purge(Dataplane dataplane) {
    if (flows.isNeeded()) {
      dataplane.flows().removeIf(flows);
    }
  }

  /**
   * Removes the VIPs' rings and the backends. May be repeated.
   *
   * @param isInUse whether a later change has given a server to a VIP again
   */
  void remove(Dataplane dataplane, Predicate<ReverseKey> isInUse) {
    Set<ReverseKey> unused = new HashSet<>(reverse);
    unused.removeIf(isInUse);
    if (!unused.isEmpty()) {
      dataplane.reverse().remove(unused);
    }
    for (int vip : vips) {
      dataplane.rings().remove(vip);
      dataplane.deadlines().remove(vip);
    }
    backends.forEach(backend -> dataplane.backends().remove(backend));
  }
}
