package dev.katran.fuzz.invariants;

import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.IpV4Packet.IpV4Header;
import org.pcap4j.packet.IpV6Packet;
import org.pcap4j.packet.IpV6Packet.IpV6Header;

/**
 * An IP packet within a frame. Headers are read one by one: pcap4j would also read on into the
 * payload of well-known ports, which is of no interest here and takes long.
 *
 * @param frame the frame
 * @param start the offset of the IP header
 * @param end the offset behind the last byte that the packet may have
 * @param hasVersion whether the version field is that of the expected family
 * @param headerLength in bytes, with IPv4 options and without IPv6 extension headers
 * @param length as the header states it, in bytes, with the header
 * @param identity IPv4's identification, flags and fragment offset; IPv6's flow label
 * @param isFragment whether there are more fragments, or this is not the first
 * @param isLaterFragment whether this is not the first fragment, so that it has no transport header
 * @param ipv4 the header of IPv4, or null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record IpPacket(
    byte[] frame,
    int start,
    int end,
    boolean isIpv6,
    boolean hasVersion,
    int headerLength,
    int length,
    int trafficClass,
    int identity,
    boolean isFragment,
    boolean isLaterFragment,
    int protocol,
    int ttl,
    InetAddress source,
    InetAddress destination,
    @Nullable IpV4Header ipv4) {

  static final int IPIP = 4;
  static final int TCP = 6;
  static final int UDP = 17;
  static final int SIX_IN_FOUR = 41;
  static final int FRAGMENT = 44;
  static final int ICMP = 1;
  static final int ICMPV6 = 58;

  private static final int IPV4_HEADER = 20;
  private static final int IPV6_HEADER = 40;

  /** Reads a packet. Returns null if pcap4j cannot read its header. */
  static @Nullable IpPacket read(byte[] frame, int start, int end, boolean isIpv6) {
    try {
      return isIpv6 ? readIpv6(frame, start, end) : readIpv4(frame, start, end);
    } catch (IllegalRawDataException e) {
      return null;
    }
  }

  /**
   * Reads a packet that an ICMP error quotes. Its length is that of the original, or anything: some
   * routers quote what they have already changed.
   */
  static @Nullable IpPacket readQuoted(byte[] frame, int start, int end, boolean isIpv6) {
    byte[] copy = frame.clone();
    if (!isIpv6 && end - start >= IPV4_HEADER) {
      copy[start + 2] = 0;
      copy[start + 3] = 0;
    }
    return read(copy, start, end, isIpv6);
  }

  private static @Nullable IpPacket readIpv4(byte[] frame, int start, int end)
      throws IllegalRawDataException {
    if (start >= end) {
      return null;
    }
    int available = Math.min(end - start, Math.max(IPV4_HEADER, 4 * (frame[start] & 0xf)));
    IpV4Header header = IpV4Packet.newPacket(frame, start, available).getHeader();
    int offset = header.getFragmentOffset() & 0x1fff;
    int flags =
        (header.getReservedFlag() ? 4 : 0)
            | (header.getDontFragmentFlag() ? 2 : 0)
            | (header.getMoreFragmentFlag() ? 1 : 0);
    return new IpPacket(
        frame,
        start,
        end,
        /* isIpv6= */ false,
        header.getVersion().value() == 4,
        4 * header.getIhlAsInt(),
        header.getTotalLengthAsInt(),
        header.getTos().value() & 0xff,
        (header.getIdentificationAsInt() << 16) | (flags << 13) | offset,
        header.getMoreFragmentFlag() || offset != 0,
        offset != 0,
        header.getProtocol().value() & 0xff,
        header.getTtlAsInt(),
        header.getSrcAddr(),
        header.getDstAddr(),
        header);
  }

  private static @Nullable IpPacket readIpv6(byte[] frame, int start, int end)
      throws IllegalRawDataException {
    if (start >= end) {
      return null;
    }
    int available = Math.min(end - start, IPV6_HEADER);
    IpV6Header header = IpV6Packet.newPacket(frame, start, available).getHeader();
    int next = header.getNextHeader().value() & 0xff;
    return new IpPacket(
        frame,
        start,
        end,
        /* isIpv6= */ true,
        header.getVersion().value() == 6,
        IPV6_HEADER,
        IPV6_HEADER + header.getPayloadLengthAsInt(),
        header.getTrafficClass().value() & 0xff,
        header.getFlowLabel().value(),
        next == FRAGMENT,
        /* isLaterFragment= */ false,
        next,
        header.getHopLimitAsInt(),
        header.getSrcAddr(),
        header.getDstAddr(),
        /* ipv4= */ null);
  }

  /** Returns whether the header's own checksum is right, which IPv6 has none of. */
  boolean hasRightChecksum() {
    return ipv4 == null || ipv4.hasValidChecksum(/* acceptZero= */ false);
  }

  /** Returns whether version and length are possible in this frame. */
  boolean isWellFormed() {
    return hasVersion && length >= headerLength && length <= end - start;
  }

  /** Returns whether a well-formed packet has the transport header that its protocol needs. */
  boolean hasTransportHeader() {
    boolean hasOptions = !isIpv6 && headerLength > IPV4_HEADER;
    if (isFragment || hasOptions) {
      return true; // the host's, which looks further
    }
    return switch (protocol) {
      case TCP -> payloadLength() >= 20;
      case UDP -> payloadLength() >= 8;
      default -> !isIcmp() || payloadLength() >= 8;
    };
  }

  /** Returns the offset of the payload. */
  int payloadStart() {
    return start + headerLength;
  }

  /** Returns the length of the payload, as the header states it. */
  int payloadLength() {
    return length - headerLength;
  }

  /** Returns the payload of a well-formed packet. */
  byte[] payload() {
    return Arrays.copyOfRange(frame, payloadStart(), start + length);
  }

  /** Returns the bytes of a well-formed packet, without padding. */
  byte[] bytes() {
    return Arrays.copyOfRange(frame, start, start + length);
  }

  /** Returns the number of bytes behind a well-formed packet. */
  int padding() {
    return end - start - length;
  }

  /** Returns the offset of the TTL or hop limit from the start of the header. */
  int ttlOffset() {
    return isIpv6 ? 7 : 8;
  }

  /** Returns the two bits of Explicit Congestion Notification. */
  int ecn() {
    return trafficClass & 3;
  }

  boolean isIcmp() {
    return protocol == (isIpv6 ? ICMPV6 : ICMP);
  }
}
