package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.sockaddr_nl;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The system calls of this package. Each returns the result of the C function or throws a {@link
 * NetworkException} for errno.
 */
final class Syscalls {

  /** The usual reason for EPERM on changes of interfaces, routes and neighbours. */
  static final String NEEDS_NET_ADMIN = "this needs CAP_NET_ADMIN in the network namespace";

  private static final String NEEDS_SYS_ADMIN = "this needs CAP_SYS_ADMIN";

  private static final MethodHandle OPEN =
      Native.variadicFunction(
          LibC.open.address(), FunctionDescriptor.of(LibC.C_INT, LibC.C_POINTER, LibC.C_INT), 2);
  private static final MethodHandle CLOSE =
      Native.function(LibC.close$address(), LibC.close$descriptor());
  private static final MethodHandle UNSHARE =
      Native.function(LibC.unshare$address(), LibC.unshare$descriptor());
  private static final MethodHandle SETNS =
      Native.function(LibC.setns$address(), LibC.setns$descriptor());
  private static final MethodHandle SOCKET =
      Native.function(LibC.socket$address(), LibC.socket$descriptor());
  private static final MethodHandle BIND =
      Native.function(LibC.bind$address(), LibC.bind$descriptor());
  private static final MethodHandle SETSOCKOPT =
      Native.function(LibC.setsockopt$address(), LibC.setsockopt$descriptor());
  private static final MethodHandle SEND =
      Native.function(LibC.send$address(), LibC.send$descriptor());
  private static final MethodHandle RECV =
      Native.function(LibC.recv$address(), LibC.recv$descriptor());
  private static final MethodHandle POLL =
      Native.function(LibC.poll$address(), LibC.poll$descriptor());
  private static final MethodHandle EVENTFD =
      Native.function(LibC.eventfd$address(), LibC.eventfd$descriptor());
  private static final MethodHandle WRITE =
      Native.function(LibC.write$address(), LibC.write$descriptor());
  private static final MethodHandle IOCTL =
      Native.variadicFunction(
          LibC.ioctl.address(),
          FunctionDescriptor.of(LibC.C_INT, LibC.C_INT, LibC.C_LONG, LibC.C_POINTER),
          2);

  private Syscalls() {}

  /** Opens a file for reading, with close-on-exec. */
  static int open(String path, String operation) {
    try (Arena arena = Arena.ofConfined()) {
      int flags = LibC.O_RDONLY() | LibC.O_CLOEXEC();
      return checked(
          (int) OPEN.invokeExact(Native.state(), arena.allocateFrom(path), flags), operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** Closes a file descriptor, ignoring errors: the descriptor is released in any case. */
  static void close(int fd) {
    try {
      int ignored = (int) CLOSE.invokeExact(Native.state(), fd);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  static void unshare(int flags, String operation) {
    try {
      checked((int) UNSHARE.invokeExact(Native.state(), flags), operation, NEEDS_SYS_ADMIN);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  static void setns(int fd, int type, String operation) {
    try {
      checked((int) SETNS.invokeExact(Native.state(), fd, type), operation, NEEDS_SYS_ADMIN);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  static int socket(int domain, int type, int protocol, String operation) {
    try {
      int flags = type | LibC.SOCK_CLOEXEC();
      return checked((int) SOCKET.invokeExact(Native.state(), domain, flags, protocol), operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** Binds a socket to a netlink address that the kernel chooses. */
  static void bindNetlink(int fd, String operation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(sockaddr_nl.layout());
      sockaddr_nl.nl_family(address, (short) LibC.AF_NETLINK());
      checked(
          (int) BIND.invokeExact(Native.state(), fd, address, (int) address.byteSize()), operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  static void setsockopt(int fd, int level, int option, int value, String operation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(LibC.C_INT, value);
      checked(
          (int)
              SETSOCKOPT.invokeExact(
                  Native.state(), fd, level, option, memory, (int) memory.byteSize()),
          operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  static void send(int fd, MemorySegment bytes, String operation) {
    try {
      long sent;
      do {
        sent = (long) SEND.invokeExact(Native.state(), fd, bytes, bytes.byteSize(), 0);
      } while (sent < 0 && Native.errno() == LibC.EINTR());
      checked(sent, operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** Receives a message and returns its length; the part beyond the buffer is discarded. */
  static long receive(int fd, MemorySegment buffer, String operation) {
    return receive(fd, buffer, 0, operation);
  }

  /**
   * Receives a message like {@link #receive(int, MemorySegment, String)}, with flags of recv(2).
   */
  static long receive(int fd, MemorySegment buffer, int flags, String operation) {
    try {
      int all = LibC.MSG_TRUNC() | flags;
      long size;
      do {
        size = (long) RECV.invokeExact(Native.state(), fd, buffer, buffer.byteSize(), all);
      } while (size < 0 && Native.errno() == LibC.EINTR());
      return checked(size, operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /**
   * Waits without a timeout until one of {@code count} descriptors, an array of pollfd, is ready.
   */
  static void poll(MemorySegment descriptors, int count, String operation) {
    try {
      int ready;
      do {
        ready = (int) POLL.invokeExact(Native.state(), descriptors, (long) count, -1);
      } while (ready < 0 && Native.errno() == LibC.EINTR());
      checked(ready, operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** Opens an eventfd(2): a counter of 0, which is readable while it is greater. */
  static int eventfd(String operation) {
    try {
      int flags = LibC.EFD_CLOEXEC() | LibC.EFD_NONBLOCK();
      return checked((int) EVENTFD.invokeExact(Native.state(), 0, flags), operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  /** Adds 1 to the counter of an eventfd(2). */
  static void signal(int eventfd, String operation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocateFrom(LibC.C_LONG, 1);
      checked((long) WRITE.invokeExact(Native.state(), eventfd, one, one.byteSize()), operation);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  static void ioctl(int fd, long request, MemorySegment argument, String operation) {
    try {
      checked(
          (int) IOCTL.invokeExact(Native.state(), fd, request, argument),
          operation,
          NEEDS_NET_ADMIN);
    } catch (Throwable t) {
      throw rethrown(t);
    }
  }

  private static int checked(int result, String operation) {
    return (int) checked((long) result, operation);
  }

  private static long checked(long result, String operation) {
    return checked(result, operation, "");
  }

  private static long checked(long result, String operation, String ifNotPermitted) {
    if (result < 0) {
      int errno = Native.errno();
      throw new NetworkException(operation, errno, errno == LibC.EPERM() ? ifNotPermitted : "");
    }
    return result;
  }

  /** Returns the exception of {@link #checked} for rethrowing. */
  private static RuntimeException rethrown(Throwable thrown) {
    if (thrown instanceof RuntimeException exception) {
      return exception;
    }
    throw Native.unreachable(thrown);
  }
}
