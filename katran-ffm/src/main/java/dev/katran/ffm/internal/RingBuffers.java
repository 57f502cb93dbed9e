package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.ring_buffer_sample_fn;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Calls libbpf's ring buffer consumer. Numbers are returned as in C: 0 or more, or the negative
 * errno. If a pointer is NULL, {@link Native#errno()} returns the reason.
 *
 * @since 0.1.0
 */
public final class RingBuffers {

  private static final MethodHandle RING_BUFFER_NEW =
      Native.function(Libbpf.ring_buffer__new$address(), Libbpf.ring_buffer__new$descriptor());
  private static final MethodHandle RING_BUFFER_POLL =
      Native.function(Libbpf.ring_buffer__poll$address(), Libbpf.ring_buffer__poll$descriptor());
  private static final MethodHandle RING_BUFFER_CONSUME =
      Native.function(
          Libbpf.ring_buffer__consume$address(), Libbpf.ring_buffer__consume$descriptor());
  private static final MethodHandle RING_BUFFER_EPOLL_FD =
      Native.function(
          Libbpf.ring_buffer__epoll_fd$address(), Libbpf.ring_buffer__epoll_fd$descriptor());
  private static final MethodHandle RING_BUFFER_FREE =
      Native.function(Libbpf.ring_buffer__free$address(), Libbpf.ring_buffer__free$descriptor());

  private RingBuffers() {}

  /**
   * Receives events; returns 0, or a negative number to stop. Must not throw.
   *
   * @since 0.1.0
   */
  public interface Sink extends ring_buffer_sample_fn.Function {}

  /** Creates a consumer that passes the events of one map to {@code sink}. */
  public static MemorySegment open(int mapFd, Sink sink, Arena lifetime) {
    MemorySegment callback = ring_buffer_sample_fn.allocate(sink, lifetime);
    try {
      return (MemorySegment)
          RING_BUFFER_NEW.invokeExact(
              Native.state(), mapFd, callback, MemorySegment.NULL, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Waits for events, indefinitely for -1, and returns their number. */
  public static int poll(MemorySegment ring, int timeoutMillis) {
    try {
      return (int) RING_BUFFER_POLL.invokeExact(Native.state(), ring, timeoutMillis);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Consumes the pending events without waiting for a notification. */
  public static int consume(MemorySegment ring) {
    try {
      return (int) RING_BUFFER_CONSUME.invokeExact(Native.state(), ring);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the file descriptor to wait on with epoll(7) or poll(2). */
  public static int epollFd(MemorySegment ring) {
    try {
      return (int) RING_BUFFER_EPOLL_FD.invokeExact(Native.state(), ring);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Frees the consumer. */
  public static void close(MemorySegment ring) {
    try {
      RING_BUFFER_FREE.invokeExact(Native.state(), ring);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
