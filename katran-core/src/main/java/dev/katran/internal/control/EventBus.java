package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.BalancerEvent;
import dev.katran.VipKey;
import dev.katran.internal.recording.OccurrenceEvent;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands events to listeners: in order, each on a thread of its own, and without any lock.
 * Publishing never waits; a listener that is too slow misses events. Thread-safe.
 */
final class EventBus {

  /** How many events may wait for a listener. */
  static final int MAX_WAITING = 10_000;

  private static final Logger log = LoggerFactory.getLogger(EventBus.class);

  private final MonotonicClock clock;
  private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

  EventBus(MonotonicClock clock) {
    this.clock = clock;
  }

  /**
   * Calls a listener for each event from now on.
   *
   * @return ends that, without the events that wait
   */
  Runnable subscribe(Consumer<BalancerEvent> listener) {
    Subscription subscription = new Subscription(listener);
    subscriptions.add(subscription);
    Thread.ofVirtual().name("katran events").start(subscription::run);
    return subscription::cancel;
  }

  /** Returns whether anyone listens, or a flight recorder does. */
  boolean isObserved() {
    return !subscriptions.isEmpty() || OccurrenceEvent.isWanted();
  }

  void publish(BalancerEvent.Kind kind, VipKey vip) {
    publish(kind, vip, null, "");
  }

  void publish(BalancerEvent.Kind kind, BackendKey backend, String detail) {
    publish(kind, null, backend, detail);
  }

  void publish(BalancerEvent.Kind kind, String detail) {
    publish(kind, null, null, detail);
  }

  void publish(
      BalancerEvent.Kind kind, @Nullable VipKey vip, @Nullable BackendKey backend, String detail) {
    OccurrenceEvent.record(kind.name(), vip, backend, detail);
    if (!subscriptions.isEmpty()) {
      BalancerEvent event = event(kind, vip, backend, detail);
      subscriptions.forEach(each -> each.add(event));
    }
  }

  private BalancerEvent event(
      BalancerEvent.Kind kind, @Nullable VipKey vip, @Nullable BackendKey backend, String detail) {
    return new BalancerEvent(
        kind,
        clock.wallTime(clock.now()),
        Optional.ofNullable(vip),
        Optional.ofNullable(backend),
        detail);
  }

  /** Ends all subscriptions, once what was published is delivered. */
  void close() {
    subscriptions.forEach(Subscription::end);
  }

  /** A listener and the events that wait for it. */
  private final class Subscription {

    private final Consumer<BalancerEvent> listener;

    /** Empty once the subscription has ended. */
    private final BlockingQueue<Optional<BalancerEvent>> waiting = new LinkedBlockingQueue<>();

    private long lost;

    Subscription(Consumer<BalancerEvent> listener) {
      this.listener = listener;
    }

    synchronized void add(BalancerEvent event) {
      if (waiting.size() >= MAX_WAITING) {
        lost++;
        return;
      }
      addLost();
      waiting.add(Optional.of(event));
    }

    private void addLost() {
      if (lost > 0) {
        waiting.add(
            Optional.of(event(BalancerEvent.Kind.EVENTS_LOST, null, null, Long.toString(lost))));
        lost = 0;
      }
    }

    /** Ends the subscription after what waits. */
    synchronized void end() {
      if (subscriptions.remove(this)) {
        addLost();
        waiting.add(Optional.empty());
      }
    }

    /** Ends the subscription without what waits. */
    synchronized void cancel() {
      waiting.clear();
      lost = 0;
      end();
    }

    void run() {
      try {
        for (BalancerEvent next = take(); next != null; next = take()) {
          deliver(next);
        }
      } catch (InterruptedException e) {
        log.debug("a listener was interrupted", e); // only code of the application can do that
      }
    }

    private @Nullable BalancerEvent take() throws InterruptedException {
      return waiting.take().orElse(null);
    }

    private void deliver(BalancerEvent event) {
      try {
        listener.accept(event);
      } catch (RuntimeException | Error e) {
        log.warn("a listener failed for {}", event, e);
      }
    }
  }
}
