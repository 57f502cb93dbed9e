package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.nlattr;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decodes a netlink message into its fixed struct and its attributes. */
final class NetlinkReply {

  private final MemorySegment struct;
  private final Map<Integer, MemorySegment> attributes = new HashMap<>();

  /**
   * Decodes a struct and the attributes that follow it.
   *
   * @param payload the message without its header, which is not copied
   * @param layout the layout of the struct
   */
  NetlinkReply(MemorySegment payload, MemoryLayout layout) {
    this(payload, layout.byteSize());
  }

  /** Decodes memory that contains only attributes. */
  static NetlinkReply attributes(MemorySegment memory) {
    return new NetlinkReply(memory, 0);
  }

  private NetlinkReply(MemorySegment payload, long structSize) {
    struct = payload.asSlice(0, structSize);
    long header = nlattr.sizeof();
    long offset = Netlink.align((int) structSize);
    while (offset + header <= payload.byteSize()) {
      MemorySegment attribute = payload.asSlice(offset);
      int length = Short.toUnsignedInt(nlattr.nla_len(attribute));
      if (length < header || length > attribute.byteSize()) {
        throw new IllegalStateException("malformed netlink attribute of length " + length);
      }
      int type = Short.toUnsignedInt(nlattr.nla_type(attribute)) & LibC.NLA_TYPE_MASK();
      attributes.put(type, attribute.asSlice(header, length - header));
      offset += Netlink.align(length);
    }
  }

  /** Returns the fixed struct at the start of the message. */
  MemorySegment struct() {
    return struct;
  }

  boolean has(int attribute) {
    return attributes.containsKey(attribute);
  }

  byte @Nullable [] bytes(int attribute) {
    MemorySegment value = attributes.get(attribute);
    return value == null ? null : value.toArray(ValueLayout.JAVA_BYTE);
  }

  int int32(int attribute, int ifAbsent) {
    MemorySegment value = attributes.get(attribute);
    return value == null ? ifAbsent : value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }

  int int8(int attribute, int ifAbsent) {
    MemorySegment value = attributes.get(attribute);
    return value == null ? ifAbsent : Byte.toUnsignedInt(value.get(ValueLayout.JAVA_BYTE, 0));
  }

  int int16(int attribute, int ifAbsent) {
    MemorySegment value = attributes.get(attribute);
    return value == null
        ? ifAbsent
        : Short.toUnsignedInt(value.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0));
  }

  long int64(int attribute, long ifAbsent) {
    MemorySegment value = attributes.get(attribute);
    return value == null ? ifAbsent : value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
  }

  String string(int attribute) {
    byte[] bytes = bytes(attribute);
    if (bytes == null) {
      return "";
    }
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  @Nullable InetAddress address(int attribute) {
    byte[] bytes = bytes(attribute);
    return bytes == null ? null : Addresses.of(bytes);
  }

  /** Returns the attributes nested in an attribute; none if it is absent. */
  NetlinkReply nest(int attribute) {
    return attributes(attributes.getOrDefault(attribute, MemorySegment.NULL));
  }
}
