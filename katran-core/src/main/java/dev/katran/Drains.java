package dev.katran;

import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** Those who wait for backends to be drained. */
final class Drains {

  private final Dataplane dataplane;
  private final Queue<Drain> waiting = new ConcurrentLinkedQueue<>();

  Drains(Dataplane dataplane) {
    this.dataplane = dataplane;
  }

  /** Someone more waits. */
  CompletableFuture<DrainResult> add(
      VipKey vip, InetAddress backend, Duration quiet, Instant now, Instant deadline) {
    Drain drain = new Drain(vip, backend, quiet, now, deadline);
    waiting.add(drain);
    return drain.result;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Looks what has happened, and tells those whose time has come. */
  void step(State state, Instant now) {
    for (Drain drain : waiting) {
      DrainResult result = drain.look(state, now);
      if (result != null) {
        drain.result.complete(result);
      }
    }
    waiting.removeIf(drain -> drain.result.isDone());
  }

  /** Tells all who wait that there will be no answer. */
  void close() {
    waiting.forEach(drain ->
        drain.result.completeExceptionally(
            new IllegalStateException("the load balancer is closed")));
    waiting.clear();
  }

  /** Somebody who waits. */
  private final class Drain {

    private final VipKey vip;
    private final InetAddress backend;
    private final Duration quiet;
    private final Instant deadline;
    private final CompletableFuture<DrainResult> result = new CompletableFuture<>();

    /** Packets of the backend, of all VIPs, and when there was another number of them. */
    private long packets = -1;

    private Instant since;

    /** When it makes sense to look into the flow table. */
    private Instant nextLook;

    Drain(VipKey vip, InetAddress backend, Duration quiet, Instant now, Instant deadline) {
      this.vip = vip;
      this.backend = backend;
      this.quiet = quiet;
      this.deadline = deadline;
      this.since = now;
      this.nextLook = now.plus(quiet);
    }

    @Nullable DrainResult look(State state, Instant now) {
      State.Installed installed = state.vips().get(vip);
      State.InstalledBackend known = state.backends().get(backend);
      if (installed == null || known == null || !installed.vip().has(backend)) {
        return DrainResult.REMOVED;
      }
      if (isQuiet(state, installed, known.number(), now)) {
        return DrainResult.QUIET;
      }
      return now.isBefore(deadline) ? null : DrainResult.DEADLINE;
    }

    private boolean isQuiet(State state, State.Installed installed, int number, Instant now) {
      long counted = dataplane.count(new Counter.OfBackend(number)).packets();
      if (counted != packets) {
        packets = counted;
        since = now;
      }
      if (!since.plus(quiet).isAfter(now)) {
        return true;
      }
      return isShared(state, installed) && hasQuietFlows(installed, number, now);
    }

    /** Whether packets of other VIPs count as well. */
    private boolean isShared(State state, State.Installed installed) {
      return state.vips().values().stream()
          .anyMatch(other -> other.number() != installed.number() && other.vip().has(backend));
    }

    /**
     * What the flow table knows of this VIP alone; not asked more often than it can have changed.
     */
    private boolean hasQuietFlows(State.Installed installed, int number, Instant now) {
      if (installed.vip().tracking() == Tracking.NONE) {
        return !installed.ring().backends().stream().anyMatch(b -> b.address().equals(backend));
      }
      if (now.isBefore(nextLook)) {
        return false;
      }
      long[] leastIdle = {Long.MAX_VALUE};
      dataplane
          .flows()
          .forEach(entry -> {
            if (entry.vip() == installed.number() && entry.backend() == number) {
              leastIdle[0] = Math.min(leastIdle[0], entry.idle());
            }
          });
      nextLook = now.plusNanos(Math.max(0, quiet.toNanos() - leastIdle[0]));
      return leastIdle[0] >= quiet.toNanos();
    }
  }
}
