package dev.katran.internal.nexthop;

import dev.katran.UnresolvedBackend.Reason;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.nexthop.HopTable.Change;
import dev.katran.internal.nexthop.Resolution.Resolved;
import dev.katran.internal.nexthop.Resolution.Unresolved;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes changes of next hops to the log: a line per reason, not per backend. What is found out
 * about a new backend at once is left to the caller.
 */
final class ChangeLog {

  private static final Logger log = LoggerFactory.getLogger(RoutedNextHops.class);

  /** The number of backends that a line names. */
  private static final int NAMED = 3;

  private ChangeLog() {}

  static void write(List<Change> changes) {
    Map<Resolution, List<InetAddress>> groups = new LinkedHashMap<>();
    for (Change change : changes) {
      boolean isNew =
          change.before().equals(HopTable.NOT_LOOKED_UP)
              || (isPending(change.before()) && change.after() instanceof Resolved);
      if (!isNew) {
        groups.computeIfAbsent(change.after(), key -> new ArrayList<>()).add(change.backend());
      }
    }
    groups.forEach((resolution, backends) -> {
      switch (resolution) {
        case Resolved(var hop) ->
            log.info("next hop towards {} is now {}", names(backends), hop.mac());
        case Unresolved unresolved when isPending(unresolved) ->
            log.debug("no next hop towards {} yet: {}", names(backends), unresolved.detail());
        case Unresolved unresolved ->
            log.warn("no next hop towards {}: {}", names(backends), unresolved.detail());
      }
    });
  }

  private static boolean isPending(Resolution resolution) {
    return resolution instanceof Unresolved unresolved
        && unresolved.reason() == Reason.NEIGHBOUR_PENDING;
  }

  private static String names(List<InetAddress> backends) {
    String named =
        backends.stream().limit(NAMED).map(Addresses::text).collect(Collectors.joining(", "));
    String what = backends.size() == 1 ? "backend " : backends.size() + " backends ";
    return what + named + (backends.size() > NAMED ? ", ..." : "");
  }
}
