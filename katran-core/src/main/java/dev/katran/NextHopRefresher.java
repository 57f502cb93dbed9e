package dev.katran;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for the next hops again, once a second, on a thread of its own: backends that did not answer
 * come up, and routers change.
 */
final class NextHopRefresher implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(NextHopRefresher.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final Runnable refresh;
  private final Thread thread;
  private volatile boolean closed;

  private NextHopRefresher(Runnable refresh) {
    this.refresh = refresh;
    this.thread = Thread.ofPlatform().name("katran-next-hops").daemon().unstarted(this::loop);
  }

  static NextHopRefresher start(Runnable refresh) {
    NextHopRefresher refresher = new NextHopRefresher(refresh);
    refresher.thread.start();
    return refresher;
  }

  private void loop() {
    while (!closed) {
      try {
        Thread.sleep(PERIOD);
        refresh.run();
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        if (!closed) {
          log.warn("next hops are not refreshed this time", e);
        }
      }
    }
  }

  /** Returns when the thread has ended. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive() && thread != Thread.currentThread()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
