package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;

import org.jspecify.annotations.Nullable;

/**
 * A well-formed IP header; {@code lengths.h} in Java. Its version is right, and its lengths hold
 * the header and fit into the bytes that are there. Linux applies the same rules in {@code
 * ip_rcv()}.
 *
 * @param source the source address
 * @param destination the destination address
 * @param protocol the IPv4 protocol or the IPv6 next header
 * @param bytes the IPv4 total length or the IPv6 payload length
 * @param trafficClass the IPv4 TOS or the IPv6 traffic class
 * @param dontFragment the IPv4 DF flag; true for IPv6, which routers never fragment
 * @param hasOptions whether the header is an IPv4 header with options
 * @param fragmentation the IPv4 MF flag and fragment offset; 0 for IPv6
 */
record IpHeader(
    Address source,
    Address destination,
    int protocol,
    int bytes,
    int trafficClass,
    boolean dontFragment,
    boolean hasOptions,
    int fragmentation) {

  private static final int WORD = 4;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final int MORE_FRAGMENTS_AND_OFFSET = 0x3fff;
  private static final int OFFSET = 0x1fff;

  /**
   * Reads the header at an offset, or returns null if it is not well-formed.
   *
   * @param available the bytes from the offset on that belong to the packet
   */
  static @Nullable IpHeader read(Frame frame, int at, int available, boolean isIpv6) {
    return isIpv6 ? readIpv6(frame, at, available) : readIpv4(frame, at, available);
  }

  private static @Nullable IpHeader readIpv4(Frame frame, int at, int available) {
    if (frame.length() < at + IPV4_HEADER) {
      return null;
    }
    int version = frame.unsignedByte(at) >> 4;
    int header = (frame.unsignedByte(at) & 0x0f) * WORD;
    int total = frame.unsignedShort(at + 2);
    if (version != 4 || header < IPV4_HEADER || total < header || total > available) {
      return null;
    }
    return readQuotedIpv4(frame, at);
  }

  /** Reads a complete IPv4 header without looking at its version and total length. */
  static IpHeader readQuotedIpv4(Frame frame, int at) {
    int flagsAndOffset = frame.unsignedShort(at + 6);
    return new IpHeader(
        frame.ipv4Address(at + 12),
        frame.ipv4Address(at + 16),
        frame.unsignedByte(at + 9),
        frame.unsignedShort(at + 2),
        frame.unsignedByte(at + 1),
        (flagsAndOffset & DONT_FRAGMENT) != 0,
        (frame.unsignedByte(at) & 0x0f) * WORD != IPV4_HEADER,
        flagsAndOffset & MORE_FRAGMENTS_AND_OFFSET);
  }

  private static @Nullable IpHeader readIpv6(Frame frame, int at, int available) {
    if (frame.length() < at + IPV6_HEADER
        || frame.unsignedByte(at) >> 4 != 6
        || frame.unsignedShort(at + 4) + IPV6_HEADER > available) {
      return null;
    }
    return readQuotedIpv6(frame, at);
  }

  /** Reads a complete IPv6 header without looking at its version and payload length. */
  static IpHeader readQuotedIpv6(Frame frame, int at) {
    return new IpHeader(
        frame.ipv6Address(at + 8),
        frame.ipv6Address(at + 24),
        frame.unsignedByte(at + 6),
        frame.unsignedShort(at + 4),
        frame.unsignedShort(at) >> 4 & 0xff,
        true,
        false,
        0);
  }

  boolean isIpv6() {
    return source.isIpv6();
  }

  /** Returns the length of the header without IPv4 options. */
  int length() {
    return isIpv6() ? IPV6_HEADER : IPV4_HEADER;
  }

  /** Returns the bytes behind the header, if it has no options. */
  int payload() {
    return isIpv6() ? bytes : bytes - IPV4_HEADER;
  }

  /** Returns whether the packet is an IPv4 fragment, the first included. */
  boolean isFragment() {
    return fragmentation != 0;
  }

  /** Returns whether the packet is an IPv4 fragment other than the first. */
  boolean isLaterFragment() {
    return (fragmentation & OFFSET) != 0;
  }
}
