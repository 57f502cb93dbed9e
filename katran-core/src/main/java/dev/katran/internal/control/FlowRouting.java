package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Flow;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.Route;
import dev.katran.TrackedFlow;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.internal.dataplane.RingSlots;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Selects the backend of a flow with the same steps as the program. */
public final class FlowRouting {

  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);
  private static final int NO_SLOT = -1;

  /** A decision, with the fields of {@link Route}. */
  public record Decision(
      Route.Reason reason, @Nullable Vip vip, @Nullable Backend backend, int slot) {}

  private final Control control;
  private final FlowEntries flows;
  private final LiveTable<Prefix, Backend> sourceRoutes;

  /** Creates a view of a control plane's routing. */
  public FlowRouting(Control control, FlowEntries flows, LiveTable<Prefix, Backend> sourceRoutes) {
    this.control = control;
    this.flows = flows;
    this.sourceRoutes = sourceRoutes;
  }

  /** Selects the backend of a flow, without changing anything. */
  public Decision route(Flow flow) {
    InstalledState state = control.openState();
    InstalledState.Match match = state.match(flow);
    if (match == null) {
      return new Decision(Route.Reason.NO_VIP, null, null, NO_SLOT);
    }
    Vip vip = match.installed().vip();
    int slot = match.slot(control.limits());
    Optional<BackendKey> tracked = tracked(state, match, slot, flow.protocol());
    if (tracked.isPresent()) {
      return new Decision(Route.Reason.FLOW_TABLE, vip, backend(vip, tracked.get()), slot);
    }
    if (vip.sourceRouting()) {
      Backend routed = longestMatch(flow.source());
      if (routed != null) {
        return new Decision(Route.Reason.SOURCE_ROUTE, vip, routed, slot);
      }
    }
    return byRing(state, match, slot, flow.protocol());
  }

  private Decision byRing(
      InstalledState state, InstalledState.Match match, int slot, Protocol protocol) {
    Vip vip = match.installed().vip();
    RingState ring = match.installed().slots();
    RingSlots slots = ring.slots();
    if (slots.isChanging(slot)
        && protocol == Protocol.UDP
        && !ring.hasEnded(control.clock().now())) {
      BackendKey previous = flows.names(state).backend(slots.previous(slot));
      if (previous != null) {
        return new Decision(Route.Reason.PREVIOUS, vip, backend(vip, previous), slot);
      }
    }
    int number = slots.backend(slot);
    Backend current =
        match.installed().ring().backends().stream()
            .filter(each -> isNumbered(state, each, number))
            .findAny()
            .orElse(null);
    return new Decision(
        current == null ? Route.Reason.EMPTY_RING : Route.Reason.RING, vip, current, slot);
  }

  private static boolean isNumbered(InstalledState state, Backend backend, int number) {
    InstalledState.InstalledBackend installed = state.backends().get(backend.key());
    return installed != null && installed.number() == number;
  }

  private Optional<BackendKey> tracked(
      InstalledState state, InstalledState.Match match, int slot, Protocol protocol) {
    Vip vip = match.installed().vip();
    Duration maxIdle;
    if (vip.tracking() == Tracking.ALWAYS) {
      maxIdle = protocol == Protocol.UDP ? flows.udpIdle() : FOREVER;
    } else if (match.installed().slots().slots().isStable(slot)) {
      return Optional.empty();
    } else {
      maxIdle = match.installed().idle();
    }
    return flows
        .find(state, match.key())
        .filter(entry -> entry.idle().compareTo(maxIdle) <= 0)
        .map(TrackedFlow::backend)
        .filter(
            backend -> !vip.udpFlowMigration() || !state.down().containsEntry(vip.key(), backend));
  }

  /** Returns a VIP's backend; with only its address if it has left the VIP. */
  private static Backend backend(Vip vip, BackendKey key) {
    return vip.backend(key).orElseGet(() -> Backend.of(key));
  }

  private @Nullable Backend longestMatch(InetAddress client) {
    if (sourceRoutes.size() == 0) {
      return null;
    }
    for (int length = 8 * client.getAddress().length; length >= 0; length--) {
      Backend backend = sourceRoutes.get(Prefix.around(client, length));
      if (backend != null) {
        return backend;
      }
    }
    return null;
  }
}
