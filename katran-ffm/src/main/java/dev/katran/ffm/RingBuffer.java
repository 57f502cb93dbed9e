package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.LibbpfLog;
import dev.katran.ffm.internal.Native;
import dev.katran.ffm.internal.RingBuffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The consumer of a map of type {@link BpfConstants#BPF_MAP_TYPE_RINGBUF}. It receives the events
 * that programs write, in order. A map has one consumer.
 *
 * <p>Instances are thread-safe; calls are serialised. {@link #close} waits for a {@link #poll} of
 * another thread to return.
 *
 * @since 0.1.0
 */
public final class RingBuffer implements AutoCloseable {

  private static final Duration LONGEST_POLL = Duration.ofMillis(Integer.MAX_VALUE);

  private final String name;
  private final Consumer<MemorySegment> consumer;
  private final Arena lifetime = Arena.ofShared();
  private final ReentrantLock lock = new ReentrantLock();
  private MemorySegment handle;

  /** The exception of the consumer, rethrown by poll because it must not unwind through C. */
  private @Nullable Throwable thrown;

  /** The lifetime of the segments passed to the consumer during the current poll. */
  private @Nullable Arena events;

  private RingBuffer(BpfMap map, Consumer<MemorySegment> consumer) {
    this.name = map.name();
    this.consumer = consumer;
    int fd = map.fd();
    try (LibbpfLog.Capture log = LibbpfLog.capture()) {
      this.handle = RingBuffers.open(fd, this::accept, lifetime);
      if (BpfObjects.isNull(handle)) {
        int errno = Native.errno();
        lifetime.close();
        throw new BpfException("open ring buffer " + name, errno, log.warnings());
      }
      log.succeeded();
    }
  }

  /**
   * Opens a ring buffer. Events are received by {@link #poll} and {@link #consume}.
   *
   * @param map the map, which must stay open as long as the ring buffer
   * @param consumer receives each event as a read-only segment that is valid until it returns
   * @throws BpfException if the map is not a ring buffer ({@code EINVAL}) or the kernel fails the
   *     call
   * @throws IllegalStateException if the map is not loaded or is closed
   */
  public static RingBuffer open(BpfMap map, Consumer<MemorySegment> consumer) {
    return new RingBuffer(map, consumer);
  }

  /**
   * Waits for events and passes them to the consumer in the calling thread.
   *
   * @param timeout the longest wait, in whole milliseconds; more than 2^31 - 1 of them count as
   *     that
   * @return the number of events; 0 after the timeout, or if a signal interrupted the wait
   * @throws BpfException if the kernel fails the call
   * @throws IllegalStateException if the ring buffer is closed
   */
  public int poll(Duration timeout) {
    int millis =
        timeout.isNegative()
            ? 0
            : timeout.compareTo(LONGEST_POLL) > 0 ? Integer.MAX_VALUE : (int) timeout.toMillis();
    return receive(() -> RingBuffers.poll(handle, millis));
  }

  /**
   * Passes all pending events to the consumer in the calling thread, without waiting. This includes
   * events that programs submitted with {@code BPF_RB_NO_WAKEUP}.
   *
   * @return the number of events
   * @throws IllegalStateException if the ring buffer is closed
   */
  public int consume() {
    return receive(() -> RingBuffers.consume(handle));
  }

  /**
   * Returns a file descriptor that is readable when events are pending.
   *
   * @throws IllegalStateException if the ring buffer is closed
   */
  public int epollFd() {
    lock.lock();
    try {
      requireOpen();
      return RingBuffers.epollFd(handle);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    requireOutside();
    lock.lock();
    try {
      if (!BpfObjects.isNull(handle)) {
        RingBuffers.close(handle);
        handle = MemorySegment.NULL;
        lifetime.close();
      }
    } finally {
      lock.unlock();
    }
  }

  private int receive(IntSupplier call) {
    requireOutside();
    lock.lock();
    try (Arena arena = Arena.ofConfined()) {
      requireOpen();
      events = arena;
      int rc = call.getAsInt();
      rethrow();
      if (rc < 0 && rc != -Errno.EINTR) {
        throw new BpfException("poll ring buffer " + name, -rc);
      }
      return Math.max(rc, 0);
    } finally {
      events = null;
      lock.unlock();
    }
  }

  /** Called by libbpf, within {@link #receive}. */
  private int accept(MemorySegment context, MemorySegment data, long size) {
    try {
      consumer.accept(data.reinterpret(size, events, null).asReadOnly());
      return 0;
    } catch (Throwable t) {
      thrown = t;
      return -Errno.ECANCELED;
    }
  }

  private void rethrow() {
    Throwable t = thrown;
    thrown = null;
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    if (t != null) {
      throw new IllegalStateException("the consumer of ring buffer " + name + " failed", t);
    }
  }

  private void requireOpen() {
    if (BpfObjects.isNull(handle)) {
      throw new IllegalStateException("ring buffer " + name + " is closed");
    }
  }

  private void requireOutside() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("the consumer of ring buffer " + name + " must not call it");
    }
  }
}
