package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.nlattr;
import dev.katran.ffm.generated.libc.nlmsghdr;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Builds a netlink message: the header, the fixed struct of its type, and attributes, each padded
 * to four bytes.
 */
final class NetlinkRequest {

  /** Enough for every message of this package. */
  private static final int CAPACITY = 2048;

  private final MemorySegment memory = MemorySegment.ofArray(new long[CAPACITY / Long.BYTES]);
  private final int type;
  private final int flags;
  private int size;

  /**
   * Starts a message.
   *
   * @param type the message type, such as {@code RTM_NEWLINK}
   * @param flags flags in addition to {@code NLM_F_REQUEST}
   */
  NetlinkRequest(int type, int flags) {
    this.type = type;
    this.flags = flags | LibC.NLM_F_REQUEST();
    this.size = (int) nlmsghdr.sizeof();
  }

  /** Appends a zeroed struct for the caller to fill in. */
  MemorySegment struct(MemoryLayout layout) {
    return append((int) layout.byteSize());
  }

  NetlinkRequest bytes(int attribute, byte[] value) {
    int header = (int) nlattr.sizeof();
    MemorySegment memory = append(header + value.length);
    nlattr.nla_type(memory, (short) attribute);
    nlattr.nla_len(memory, (short) (header + value.length));
    MemorySegment.copy(value, 0, memory, ValueLayout.JAVA_BYTE, header, value.length);
    return this;
  }

  NetlinkRequest int32(int attribute, int value) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES]);
    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
    return bytes(attribute, bytes.toArray(ValueLayout.JAVA_BYTE));
  }

  NetlinkRequest int16(int attribute, int value) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[Short.BYTES]);
    bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) value);
    return bytes(attribute, bytes.toArray(ValueLayout.JAVA_BYTE));
  }

  NetlinkRequest string(int attribute, String value) {
    return bytes(attribute, (value + '\0').getBytes(StandardCharsets.UTF_8));
  }

  NetlinkRequest address(int attribute, InetAddress value) {
    return bytes(attribute, value.getAddress());
  }

  /** Appends an attribute that contains the attributes appended by {@code content}. */
  NetlinkRequest nest(int attribute, Consumer<NetlinkRequest> content) {
    int start = size;
    MemorySegment header = append((int) nlattr.sizeof());
    content.accept(this);
    nlattr.nla_type(header, (short) (attribute | LibC.NLA_F_NESTED()));
    nlattr.nla_len(header, (short) (size - start));
    return this;
  }

  boolean isDump() {
    return (flags & LibC.NLM_F_DUMP()) == LibC.NLM_F_DUMP();
  }

  /** Returns the complete message, which requests an acknowledgment unless it is a dump. */
  MemorySegment message(int sequence) {
    nlmsghdr.nlmsg_len(memory, size);
    nlmsghdr.nlmsg_type(memory, (short) type);
    nlmsghdr.nlmsg_flags(memory, (short) (isDump() ? flags : flags | LibC.NLM_F_ACK()));
    nlmsghdr.nlmsg_seq(memory, sequence);
    return memory.asSlice(0, size);
  }

  private MemorySegment append(int length) {
    MemorySegment appended = memory.asSlice(size, length);
    size = Netlink.align(size + length);
    return appended;
  }
}
