package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.nlmsgerr;
import dev.katran.ffm.generated.libc.nlmsghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A netlink socket, see netlink(7). It belongs permanently to the network namespace of the thread
 * that opened it, and handles one request at a time.
 */
final class Netlink implements AutoCloseable {

  /** The kernel sends no larger datagram unless a single object is larger. */
  private static final int BUFFER_SIZE = 64 * 1024;

  /** The number of attempts for a dump that is interrupted by changes. */
  private static final int MAX_DUMPS = 100;

  private final int fd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER_SIZE, Long.BYTES);
  private int sequence;
  private boolean closed;

  private Netlink(int fd) {
    this.fd = fd;
  }

  /** Opens a socket for rtnetlink(7). */
  static Netlink open() {
    return open(LibC.NETLINK_ROUTE());
  }

  /**
   * Opens a socket.
   *
   * @param protocol such as {@code NETLINK_ROUTE}
   */
  static Netlink open(int protocol) {
    String operation = "open a netlink socket";
    int fd = Syscalls.socket(LibC.AF_NETLINK(), LibC.SOCK_RAW(), protocol, operation);
    try {
      // Errors carry an explanation, but no copy of the request.
      for (int option : new int[] {LibC.NETLINK_EXT_ACK(), LibC.NETLINK_CAP_ACK()}) {
        Syscalls.setsockopt(fd, LibC.SOL_NETLINK(), option, 1, operation);
      }
      return new Netlink(fd);
    } catch (RuntimeException e) {
      Syscalls.close(fd);
      throw e;
    }
  }

  /** Rounds a length up to NLMSG_ALIGNTO and NLA_ALIGNTO, both 4. */
  static int align(int length) {
    return (length + 3) & ~3;
  }

  /**
   * Sends a request and returns the replies without their headers, up to the acknowledgment or the
   * end of the dump.
   *
   * @param operation the operation and its object, for the exception
   * @throws NetworkException if the kernel reports an error
   */
  synchronized List<MemorySegment> exchange(NetlinkRequest request, String operation) {
    if (closed) {
      throw new IllegalStateException(operation + ": the netlink socket is closed");
    }
    for (int attempt = 0; attempt < MAX_DUMPS; attempt++) {
      MemorySegment message = request.message(++sequence);
      MemorySegment outgoing = buffer.asSlice(0, message.byteSize());
      outgoing.copyFrom(message);
      Syscalls.send(fd, outgoing, operation);
      Replies replies = new Replies(operation);
      while (!replies.complete) {
        long size = Syscalls.receive(fd, buffer, operation);
        if (size > buffer.byteSize()) {
          throw new NetworkException(
              operation,
              LibC.EMSGSIZE(),
              "netlink message of " + size + " bytes exceeds the buffer");
        }
        replies.read(buffer.asSlice(0, size));
      }
      if (!replies.interrupted) {
        return replies.payloads;
      }
    }
    throw new NetworkException(
        operation,
        LibC.EAGAIN(),
        "the table kept changing during " + MAX_DUMPS + " attempts to read it");
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Syscalls.close(fd);
      arena.close();
    }
  }

  /** Collects the replies to the current request. */
  private final class Replies {

    private final String operation;
    private final List<MemorySegment> payloads = new ArrayList<>();
    private boolean complete;
    private boolean interrupted;

    Replies(String operation) {
      this.operation = operation;
    }

    void read(MemorySegment datagram) {
      long offset = 0;
      while (offset + nlmsghdr.sizeof() <= datagram.byteSize()) {
        MemorySegment header = datagram.asSlice(offset);
        int length = nlmsghdr.nlmsg_len(header);
        if (length < nlmsghdr.sizeof() || length > header.byteSize()) {
          throw new IllegalStateException(
              operation + ": malformed netlink message of length " + length);
        }
        // Another sequence number belongs to an earlier request that was abandoned.
        if (nlmsghdr.nlmsg_seq(header) == sequence) {
          accept(header, header.asSlice(nlmsghdr.sizeof(), length - nlmsghdr.sizeof()));
        }
        offset += align(length);
      }
    }

    private void accept(MemorySegment header, MemorySegment payload) {
      int type = Short.toUnsignedInt(nlmsghdr.nlmsg_type(header));
      int flags = Short.toUnsignedInt(nlmsghdr.nlmsg_flags(header));
      interrupted |= (flags & LibC.NLM_F_DUMP_INTR()) != 0;
      if (type == LibC.NLMSG_ERROR()) {
        acknowledge(nlmsgerr.error(payload), payload, nlmsgerr.sizeof(), flags);
      } else if (type == LibC.NLMSG_DONE()) {
        // Its payload is the error code, or nothing.
        int error = payload.byteSize() < Integer.BYTES ? 0 : payload.get(ValueLayout.JAVA_INT, 0);
        acknowledge(error, payload, Integer.BYTES, flags);
      } else {
        payloads.add(copy(payload));
      }
    }

    private void acknowledge(int error, MemorySegment payload, long attributes, int flags) {
      complete = true;
      if (error < 0) {
        String explanation = "";
        if ((flags & LibC.NLM_F_ACK_TLVS()) != 0) {
          explanation =
              NetlinkReply.attributes(payload.asSlice(attributes)).string(LibC.NLMSGERR_ATTR_MSG());
        }
        throw failure(operation, -error, explanation);
      }
    }
  }

  private static NetworkException failure(String operation, int errno, String explanation) {
    String detail = explanation;
    if (errno == LibC.EPERM()) {
      detail = Syscalls.NEEDS_NET_ADMIN + (explanation.isEmpty() ? "" : ": " + explanation);
    }
    return new NetworkException(operation, errno, detail);
  }

  /** Copies a payload, because the buffer is reused, with the kernel's alignment. */
  private static MemorySegment copy(MemorySegment payload) {
    int longs = (int) (payload.byteSize() + Long.BYTES - 1) / Long.BYTES;
    MemorySegment copy = MemorySegment.ofArray(new long[longs]).asSlice(0, payload.byteSize());
    return copy.copyFrom(payload);
  }
}
