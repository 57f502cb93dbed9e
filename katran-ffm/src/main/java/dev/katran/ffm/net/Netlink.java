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
 * A route netlink socket. It belongs to the network namespace of the thread that opens it, for
 * ever, whatever thread uses it. One request at a time.
 */
final class Netlink implements AutoCloseable {

  /** The kernel never sends more at once, unless a single object is larger. */
  private static final int BUFFER_SIZE = 64 * 1024;

  /** How often a list is asked for again when it changed while the kernel wrote it. */
  private static final int MAX_DUMPS = 100;

  private final int fd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER_SIZE, Long.BYTES);
  private int sequence;
  private boolean closed;

  private Netlink(int fd) {
    this.fd = fd;
  }

  static Netlink open() {
    String operation = "open a netlink socket";
    int fd = Posix.socket(LibC.AF_NETLINK(), LibC.SOCK_RAW(), LibC.NETLINK_ROUTE(), operation);
    try {
      // Explanations with refusals; no copies of our requests in them.
      for (int option : new int[] {LibC.NETLINK_EXT_ACK(), LibC.NETLINK_CAP_ACK()}) {
        Posix.setsockopt(fd, LibC.SOL_NETLINK(), option, 1, operation);
      }
      return new Netlink(fd);
    } catch (RuntimeException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /** Lengths are multiples of four, with padding. */
  static int align(int length) {
    return (length + 3) & ~3;
  }

  /**
   * Sends a request and returns the replies to it, without their headers, up to the acknowledgment
   * or the end of the list.
   *
   * @param operation what is being tried, for the exception
   * @throws NetworkException if the kernel refuses
   */
  synchronized List<MemorySegment> exchange(NetlinkRequest request, String operation) {
    if (closed) {
      throw new IllegalStateException(operation + ": the netlink socket is closed");
    }
    for (int attempt = 0; attempt < MAX_DUMPS; attempt++) {
      MemorySegment message = request.message(++sequence);
      MemorySegment outgoing = buffer.asSlice(0, message.byteSize());
      outgoing.copyFrom(message);
      Posix.send(fd, outgoing, operation);
      Replies replies = new Replies(operation);
      while (!replies.complete) {
        long size = Posix.receive(fd, buffer, operation);
        if (size > buffer.byteSize()) {
          throw new NetworkException(operation, LibC.EMSGSIZE(), "a netlink message of " + size);
        }
        replies.read(buffer.asSlice(0, size));
      }
      if (!replies.interrupted) {
        return replies.payloads;
      }
    }
    throw new NetworkException(operation, LibC.EAGAIN(), "it keeps changing while being read");
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Posix.close(fd);
      arena.close();
    }
  }

  /** The messages that answer the current request, as they come in. */
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
          throw new IllegalStateException(operation + ": netlink message of length " + length);
        }
        // Another sequence number: the rest of an answer that was given up.
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
        // Its payload is the error alone, if there is one.
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
        throw refusal(operation, -error, explanation);
      }
    }
  }

  private static NetworkException refusal(String operation, int errno, String explanation) {
    String detail = explanation;
    if (errno == LibC.EPERM()) {
      detail = Posix.NEEDS_NET_ADMIN + (explanation.isEmpty() ? "" : ": " + explanation);
    }
    return new NetworkException(operation, errno, detail);
  }

  /** The buffer is about to be reused. Aligned as the kernel aligned it. */
  private static MemorySegment copy(MemorySegment payload) {
    int longs = (int) (payload.byteSize() + Long.BYTES - 1) / Long.BYTES;
    MemorySegment copy = MemorySegment.ofArray(new long[longs]).asSlice(0, payload.byteSize());
    return copy.copyFrom(payload);
  }
}
