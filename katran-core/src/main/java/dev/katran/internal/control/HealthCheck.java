package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.Health;
import dev.katran.UnresolvedBackend;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.InterfaceState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds out whether a control plane does its work. */
final class HealthCheck {

  static final Health CLOSED =
      new Health(List.of(new Health.Problem(Health.Kind.CLOSED, "the load balancer is closed")));

  /** A change, or the work of every second, that takes longer is stuck. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How many names a reason lists. */
  private static final int MAX_NAMES = 10;

  private final Control control;
  private final Installer installer;
  private final EventBus events;

  /** When the work of this second began; null while none is in progress. */
  private volatile @Nullable Duration workingSince;

  /** The attachments as they were last looked at. */
  private List<InterfaceState> seen = List.of();

  HealthCheck(Control control, Installer installer, EventBus events) {
    this.control = control;
    this.installer = installer;
    this.events = events;
  }

  /** Notes that the work of every second begins or ends. */
  void working(boolean begins) {
    workingSince = begins ? control.clock().now() : null;
  }

  /** Publishes changes of the attachments since the last call. */
  synchronized void look() {
    List<InterfaceState> states = control.attachments();
    if (states.size() == seen.size()) { // the first call only looks
      for (int i = 0; i < states.size(); i++) {
        publishChange(seen.get(i), states.get(i));
      }
    }
    seen = states;
  }

  private void publishChange(InterfaceState before, InterfaceState now) {
    if (!now.attached() && before.attached()) {
      events.publish(BalancerEvent.Kind.DETACHED, describe(now));
    } else if (now.attached() && !now.since().equals(before.since())) {
      events.publish(BalancerEvent.Kind.ATTACHED, describe(now));
    }
  }

  private static String describe(InterfaceState state) {
    return "%s (index %d)".formatted(state.name(), state.ifindex());
  }

  /** Returns the present condition of an open control plane. */
  Health now() {
    List<Health.Problem> problems = new ArrayList<>();
    control.attachments().stream()
        .filter(state -> !state.attached())
        .map(state -> new Health.Problem(Health.Kind.DETACHED, describe(state)))
        .forEach(problems::add);
    checkNextHops(problems);
    if (control.isDirty()) {
      problems.add(
          new Health.Problem(
              Health.Kind.DIRTY, "a failed change is not undone yet, or not cleaned up"));
    }
    checkProgress("a change", installer.busySince().orElse(null), problems);
    checkProgress("the work of every second", workingSince, problems);
    return new Health(problems);
  }

  private void checkNextHops(List<Health.Problem> problems) {
    List<UnresolvedBackend> unresolved = control.unresolved();
    if (unresolved.isEmpty()) {
      return;
    }
    Set<BackendKey> missing =
        unresolved.stream().map(UnresolvedBackend::backend).collect(Collectors.toSet());
    List<VipKey> unreachable =
        control.state().vips().values().stream()
            .map(InstalledState.Installed::vip)
            .filter(vip -> isUnreachable(vip, missing))
            .map(Vip::key)
            .toList();
    if (!unreachable.isEmpty()) {
      problems.add(new Health.Problem(Health.Kind.VIP_UNREACHABLE, names(unreachable)));
    }
    problems.add(new Health.Problem(Health.Kind.BACKENDS_UNRESOLVED, names(unresolved)));
  }

  /** Returns whether a VIP has backends for new flows, and each of them is missing. */
  private static boolean isUnreachable(Vip vip, Set<BackendKey> missing) {
    List<Backend> serving = vip.backends().stream().filter(Backend::takesNewFlows).toList();
    return !serving.isEmpty()
        && serving.stream().allMatch(backend -> missing.contains(backend.key()));
  }

  private void checkProgress(String what, @Nullable Duration since, List<Health.Problem> problems) {
    if (since == null) {
      return;
    }
    Duration time = control.clock().now().minus(since);
    if (time.compareTo(PATIENCE) > 0) {
      problems.add(
          new Health.Problem(
              Health.Kind.STUCK,
              "%s has not ended for %d seconds".formatted(what, time.toSeconds())));
    }
  }

  private static String names(List<?> named) {
    String first =
        named.stream().limit(MAX_NAMES).map(Object::toString).collect(Collectors.joining(", "));
    return named.size() <= MAX_NAMES
        ? first
        : "%s and %d more".formatted(first, named.size() - MAX_NAMES);
  }
}
