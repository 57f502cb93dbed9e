package dev.katran.internal.control;

import dev.katran.internal.dataplane.Dataplane;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** A dataplane that stays open while it is used outside the lock of changes. */
final class OpenDataplane implements AutoCloseable {

  private final Dataplane dataplane;

  /** Read-locked while the dataplane is used, write-locked while it is closed. */
  private final ReentrantReadWriteLock usage = new ReentrantReadWriteLock();

  private volatile boolean closed;

  OpenDataplane(Dataplane dataplane) {
    this.dataplane = dataplane;
  }

  /**
   * Returns the dataplane.
   *
   * @throws IllegalStateException if it is closed or about to be closed
   */
  Dataplane get() {
    checkOpen();
    return dataplane;
  }

  /** Returns whether the dataplane is closed or about to be closed. */
  boolean isClosed() {
    return closed;
  }

  /** Throws an {@link IllegalStateException} if the dataplane is closed or about to be closed. */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the load balancer is closed");
    }
  }

  /** Uses the dataplane, which stays open meanwhile. */
  <T> T use(Supplier<T> use) {
    usage.readLock().lock();
    try {
      checkOpen();
      return use.get();
    } finally {
      usage.readLock().unlock();
    }
  }

  /** Runs a task that uses the dataplane, which stays open meanwhile. */
  void run(Runnable task) {
    use(() -> {
      task.run();
      return true;
    });
  }

  /** Refuses further use. */
  void refuse() {
    closed = true;
  }

  /** Closes the dataplane when it is no longer used. */
  @Override
  public void close() {
    refuse();
    usage.writeLock().lock();
    try {
      dataplane.close();
    } finally {
      usage.writeLock().unlock();
    }
  }
}
