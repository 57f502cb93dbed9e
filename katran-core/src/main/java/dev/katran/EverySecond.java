package dev.katran;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something once a second, on a thread of its own. */
final class EverySecond implements Schedule.Repeated {

  private static final Logger log = LoggerFactory.getLogger(EverySecond.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final String what;
  private final Runnable task;
  private final Thread thread;
  private volatile boolean closed;

  private EverySecond(String what, Runnable task) {
    this.what = what;
    this.task = task;
    this.thread = Thread.ofPlatform().name("katran " + what).daemon().unstarted(this::loop);
  }

  /**
   * Starts the thread.
   *
   * @param what its name, for logs, as in {@code "next hops"}
   */
  static EverySecond start(String what, Runnable task) {
    EverySecond everySecond = new EverySecond(what, task);
    everySecond.thread.start();
    return everySecond;
  }

  private void loop() {
    while (!closed) {
      try {
        Thread.sleep(PERIOD);
        task.run();
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        if (!closed) {
          log.warn("{}: not done this time", what, e);
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
