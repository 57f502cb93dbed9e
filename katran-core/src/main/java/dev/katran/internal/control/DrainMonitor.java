package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.DrainResult;
import dev.katran.Tracking;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** Tracks pending drains and completes their futures. */
final class DrainMonitor {

  private final Dataplane dataplane;
  private final Queue<Drain> pending = new ConcurrentLinkedQueue<>();

  DrainMonitor(Dataplane dataplane) {
    this.dataplane = dataplane;
  }

  /** Adds a drain. The future completes in {@link #step}. */
  CompletableFuture<DrainResult> add(
      VipKey vip, BackendKey backend, Duration quiet, Instant now, Instant deadline) {
    Drain drain = new Drain(vip, backend, quiet, now, deadline);
    pending.add(drain);
    return drain.result;
  }

  /** Completes the futures of drains that are finished. */
  void step(InstalledState state, Instant now) {
    for (Drain drain : pending) {
      DrainResult result = drain.poll(state, now);
      if (result != null) {
        drain.result.complete(result);
      }
    }
    pending.removeIf(drain -> drain.result.isDone());
  }

  /** Fails all pending futures. */
  void close() {
    pending.forEach(drain ->
        drain.result.completeExceptionally(
            new IllegalStateException("the load balancer is closed")));
    pending.clear();
  }

  /** A pending drain. */
  private final class Drain {

    private final VipKey vip;
    private final BackendKey backend;
    private final Duration quiet;
    private final Instant deadline;
    private final CompletableFuture<DrainResult> result = new CompletableFuture<>();

    /** The backend's packets of all VIPs, as last read. */
    private long packets = -1;

    /** When {@link #packets} last changed. */
    private Instant lastChange;

    /** The earliest time at which the flow table can show the backend as quiet. */
    private Instant nextScan;

    Drain(VipKey vip, BackendKey backend, Duration quiet, Instant now, Instant deadline) {
      this.vip = vip;
      this.backend = backend;
      this.quiet = quiet;
      this.deadline = deadline;
      this.lastChange = now;
      this.nextScan = now.plus(quiet);
    }

    /** Returns the result, or null while the drain is pending. */
    @Nullable DrainResult poll(InstalledState state, Instant now) {
      InstalledState.Installed installed = state.vips().get(vip);
      InstalledState.InstalledBackend target = state.backends().get(backend);
      if (installed == null || target == null || !installed.vip().backend(backend).isPresent()) {
        return DrainResult.REMOVED;
      }
      if (isQuiet(state, installed, target.number(), now)) {
        return DrainResult.QUIET;
      }
      return now.isBefore(deadline) ? null : DrainResult.DEADLINE;
    }

    private boolean isQuiet(
        InstalledState state, InstalledState.Installed installed, int number, Instant now) {
      long counted = dataplane.counters().read(new Counter.OfBackend(number)).packets();
      if (counted != packets) {
        packets = counted;
        lastChange = now;
      }
      if (!lastChange.plus(quiet).isAfter(now)) {
        return true;
      }
      return isShared(state, installed) && hasQuietFlows(installed, number, now);
    }

    /** Returns whether another VIP has the backend, whose packets then count as well. */
    private boolean isShared(InstalledState state, InstalledState.Installed installed) {
      return state.vips().values().stream()
          .anyMatch(other ->
              other.number() != installed.number() && other.vip().backend(backend).isPresent());
    }

    /**
     * Returns whether this VIP's flows to the backend are quiet. Scans the flow table only when its
     * result can differ from that of the last scan.
     */
    private boolean hasQuietFlows(InstalledState.Installed installed, int number, Instant now) {
      if (installed.vip().tracking() == Tracking.NONE) {
        return !installed.ring().backends().stream().anyMatch(b -> b.key().equals(backend));
      }
      if (now.isBefore(nextScan)) {
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
