package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.DrainResult;
import dev.katran.Tracking;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DownKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Tracks pending drains and completes their futures, which run code of the application: on threads
 * of their own and without any lock.
 */
final class DrainMonitor {

  private final Dataplane dataplane;
  private final Executor callbacks;
  private final EventBus events;
  private final Queue<Drain> pending = new ConcurrentLinkedQueue<>();

  DrainMonitor(Dataplane dataplane, Executor callbacks, EventBus events) {
    this.events = events;
    this.dataplane = dataplane;
    this.callbacks = callbacks;
  }

  /** Adds a drain. The future completes in {@link #step}. */
  CompletableFuture<DrainResult> add(
      VipKey vip, BackendKey backend, Duration quiet, Duration now, Duration deadline) {
    Drain drain = new Drain(vip, backend, quiet, now, deadline);
    pending.add(drain);
    return drain.result;
  }

  /**
   * Completes the futures of drains that are finished. One step at a time. Scans the flow table at
   * most once, however many drains depend on it.
   */
  void step(InstalledState state, Duration now) {
    pending.removeIf(drain -> complete(drain, drain.poll(state, now)));
    Map<DownKey, Long> leastIdle = new HashMap<>();
    for (Drain drain : pending) {
      if (drain.scanning != null) {
        leastIdle.put(drain.scanning, Long.MAX_VALUE);
      }
    }
    if (leastIdle.isEmpty()) {
      return;
    }
    dataplane
        .flows()
        .forEach(entry ->
            leastIdle.computeIfPresent(
                new DownKey(entry.vip(), entry.backend()),
                (key, least) -> Math.min(least, entry.idle())));
    pending.removeIf(drain -> {
      Long least = drain.scanning == null ? null : leastIdle.get(drain.scanning);
      return least != null && complete(drain, drain.scanned(least, now));
    });
  }

  /** Completes a drain if there is a result, and returns whether it is done. */
  private boolean complete(Drain drain, @Nullable DrainResult result) {
    if (drain.result.isDone()) {
      return true;
    }
    if (result != null) {
      events.publish(BalancerEvent.Kind.BACKEND_DRAINED, drain.vip, drain.backend, result.name());
      callbacks.execute(() -> drain.result.complete(result));
    }
    return result != null;
  }

  /** Fails all pending futures. */
  void close() {
    for (Drain drain = pending.poll(); drain != null; drain = pending.poll()) {
      CompletableFuture<DrainResult> result = drain.result;
      callbacks.execute(() ->
          result.completeExceptionally(new IllegalStateException("the load balancer is closed")));
    }
  }

  /** A pending drain. */
  private final class Drain {

    private final VipKey vip;
    private final BackendKey backend;
    private final Duration quiet;
    private final Duration deadline;
    private final CompletableFuture<DrainResult> result = new CompletableFuture<>();

    /** The backend's packets of all VIPs, as last read. */
    private long packets = -1;

    /** When {@link #packets} last changed, or a VIP last had a slot for the backend. */
    private Duration lastUse;

    /** The earliest time at which the flow table can show the backend as quiet. */
    private Duration nextScan;

    /** What to look for in the flow table in this step; null if nothing. */
    private @Nullable DownKey scanning;

    Drain(VipKey vip, BackendKey backend, Duration quiet, Duration now, Duration deadline) {
      this.vip = vip;
      this.backend = backend;
      this.quiet = quiet;
      this.deadline = deadline;
      this.lastUse = now;
      this.nextScan = now.plus(quiet);
    }

    /** Returns the result, or null while the drain is pending, or depends on {@link #scanning}. */
    @Nullable DrainResult poll(InstalledState state, Duration now) {
      scanning = null;
      InstalledState.Installed installed = state.vips().get(vip);
      InstalledState.InstalledBackend target = state.backends().get(backend);
      if (installed == null || target == null || !installed.vip().backend(backend).isPresent()) {
        return DrainResult.REMOVED;
      }
      long counted = dataplane.counters().read(new Counter.OfBackend(target.number())).packets();
      if (target.serving() > 0) { // new flows may go to it
        packets = counted;
        lastUse = now;
        nextScan = now.plus(quiet);
        return unlessLate(now);
      }
      if (counted != packets) {
        packets = counted;
        lastUse = now;
      }
      if (lastUse.plus(quiet).compareTo(now) <= 0) {
        return DrainResult.QUIET;
      }
      if (target.users() == 1) {
        return unlessLate(now);
      }
      return pollFlows(installed, target.number(), now);
    }

    /**
     * Considers this VIP's flows to the backend, whatever packets of other VIPs it still gets.
     * Scans the flow table only when its result can differ from that of the last scan.
     */
    private @Nullable DrainResult pollFlows(
        InstalledState.Installed installed, int number, Duration now) {
      if (installed.vip().tracking() == Tracking.NONE) {
        return DrainResult.QUIET;
      }
      if (now.compareTo(nextScan) < 0) {
        return unlessLate(now);
      }
      scanning = new DownKey(installed.number(), number);
      return null;
    }

    /**
     * Returns the result after a scan, or null if the drain is still pending.
     *
     * @param least the least idle time of an entry, in nanoseconds
     */
    @Nullable DrainResult scanned(long least, Duration now) {
      nextScan = now.plusNanos(Math.max(0, quiet.toNanos() - least));
      return least >= quiet.toNanos() ? DrainResult.QUIET : unlessLate(now);
    }

    private @Nullable DrainResult unlessLate(Duration now) {
      return now.compareTo(deadline) < 0 ? null : DrainResult.DEADLINE;
    }
  }
}
