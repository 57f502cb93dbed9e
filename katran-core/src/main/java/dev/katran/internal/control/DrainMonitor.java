package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.DrainResult;
import dev.katran.Tracking;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import java.time.Duration;
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
  private final Queue<Drain> pending = new ConcurrentLinkedQueue<>();

  DrainMonitor(Dataplane dataplane, Executor callbacks) {
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

  /** Completes the futures of drains that are finished. One step at a time. */
  void step(InstalledState state, Duration now) {
    pending.removeIf(drain -> {
      DrainResult result = drain.result.isDone() ? null : drain.poll(state, now);
      if (result != null) {
        callbacks.execute(() -> drain.result.complete(result));
      }
      return result != null || drain.result.isDone();
    });
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

    Drain(VipKey vip, BackendKey backend, Duration quiet, Duration now, Duration deadline) {
      this.vip = vip;
      this.backend = backend;
      this.quiet = quiet;
      this.deadline = deadline;
      this.lastUse = now;
      this.nextScan = now.plus(quiet);
    }

    /** Returns the result, or null while the drain is pending. */
    @Nullable DrainResult poll(InstalledState state, Duration now) {
      InstalledState.Installed installed = state.vips().get(vip);
      InstalledState.InstalledBackend target = state.backends().get(backend);
      if (installed == null || target == null || !installed.vip().backend(backend).isPresent()) {
        return DrainResult.REMOVED;
      }
      if (isQuiet(installed, target, now)) {
        return DrainResult.QUIET;
      }
      return now.compareTo(deadline) < 0 ? null : DrainResult.DEADLINE;
    }

    private boolean isQuiet(
        InstalledState.Installed installed, InstalledState.InstalledBackend target, Duration now) {
      long counted = dataplane.counters().read(new Counter.OfBackend(target.number())).packets();
      if (target.serving() > 0) { // new flows may go to it
        packets = counted;
        lastUse = now;
        nextScan = now.plus(quiet);
        return false;
      }
      if (counted != packets) {
        packets = counted;
        lastUse = now;
      }
      if (lastUse.plus(quiet).compareTo(now) <= 0) {
        return true;
      }
      return target.users() > 1 && hasQuietFlows(installed, target.number(), now);
    }

    /**
     * Returns whether this VIP's flows to the backend are quiet, whatever packets of other VIPs it
     * still gets. Scans the flow table only when its result can differ from that of the last scan.
     */
    private boolean hasQuietFlows(InstalledState.Installed installed, int number, Duration now) {
      if (installed.vip().tracking() == Tracking.NONE) {
        return true;
      }
      if (now.compareTo(nextScan) < 0) {
        return false;
      }
      long[] minIdle = {Long.MAX_VALUE};
      dataplane
          .flows()
          .forEach(entry -> {
            if (entry.vip() == installed.number() && entry.backend() == number) {
              minIdle[0] = Math.min(minIdle[0], entry.idle());
            }
          });
      nextScan = now.plusNanos(Math.max(0, quiet.toNanos() - minIdle[0]));
      return minIdle[0] >= quiet.toNanos();
    }
  }
}
