package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.ring_buffer_sample_fn;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * libbpf's consumer of ring buffers. Numbers are what C returns, 0 or more, or the negative errno;
 * a pointer may be NULL, with the reason in {@link Native#errno()}.
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

  /** Gets the events; returns 0, or a negative number to stop for now. Must not throw. */
  public interface Sink extends ring_buffer_sample_fn.Function {}

  /** A consumer of one map's events, which are given to {@code sink}. */
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

  /** Waits for events, -1 for ever; returns how many came. */
  public static int poll(MemorySegment ring, int timeoutMillis) {
    try {
      return (int) RING_BUFFER_POLL.invokeExact(Native.state(), ring, timeoutMillis);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Takes the events that are there, without being told that there are any. */
  public static int consume(MemorySegment ring) {
    try {
      return (int) RING_BUFFER_CONSUME.invokeExact(Native.state(), ring);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** What to wait on with epoll(7) or poll(2). */
  public static int epollFd(MemorySegment ring) {
    try {
      return (int) RING_BUFFER_EPOLL_FD.invokeExact(Native.state(), ring);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Releases the consumer. */
  public static void close(MemorySegment ring) {
    try {
      RING_BUFFER_FREE.invokeExact(Native.state(), ring);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
