package dev.katran.internal.control;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks once per second. */
@FunctionalInterface
public interface Ticker {

  /** Runs each task on a daemon thread of its own. */
  Ticker THREADS = TickerThread::start;

  /**
   * Starts running a task once per second. If the task throws, logs the exception and continues.
   *
   * @param name the name of the task for logs and threads, such as {@code "next hops"}
   */
  Ticking start(String name, Runnable task);

  /** A task that runs once per second until it is closed. */
  interface Ticking extends AutoCloseable {

    /** Stops the task and waits until it is not running. */
    @Override
    void close();
  }

  /** A task on a thread of its own. */
  final class TickerThread implements Ticking {

    private static final Logger log = LoggerFactory.getLogger(TickerThread.class);
    private static final Duration PERIOD = Duration.ofSeconds(1);

    private final String name;
    private final Runnable task;
    private final Thread thread;
    private volatile boolean closed;

    private TickerThread(String name, Runnable task) {
      this.name = name;
      this.task = task;
      this.thread = Thread.ofPlatform().name("katran " + name).daemon().unstarted(this::loop);
    }

    private static TickerThread start(String name, Runnable task) {
      TickerThread ticker = new TickerThread(name, task);
      ticker.thread.start();
      return ticker;
    }

    private void loop() {
      while (!closed) {
        try {
          Thread.sleep(PERIOD);
          task.run();
        } catch (InterruptedException e) {
          log.debug("{} was interrupted", name); // only close() ends it
        } catch (RuntimeException | Error e) {
          if (!closed) {
            log.warn("{} failed; runs again in {}", name, PERIOD, e);
          }
        }
      }
    }

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
}
