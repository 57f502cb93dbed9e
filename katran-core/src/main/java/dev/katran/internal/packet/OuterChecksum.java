package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;

import java.util.OptionalInt;

/**
 * The checksum of an outer UDP header, derived from the headers alone, without reading the payload;
 * a part of {@code gue.h} in Java. It relies on the inner checksums: data covered by a correct
 * checksum sums to 0, so the payload's sum is the negated sum of its pseudo header. Negating a word
 * in one's complement arithmetic is complementing it. If an inner checksum is wrong, the outer one
 * is wrong too. The checksum stays 0 if the inner packet has none that covers all of it, over IPv6
 * too (RFC 6935).
 */
public final class OuterChecksum {

  private OuterChecksum() {}

  /** Writes the checksum of the otherwise complete UDP header at {@code udp}. */
  public static void write(
      Frame frame, int udp, Address source, Address destination, boolean innerIsIpv6) {
    int inner = udp + Frame.UDP_HEADER;
    OptionalInt innerSum = innerIsIpv6 ? sumInnerIpv6(frame, inner) : sumInnerIpv4(frame, inner);
    if (innerSum.isEmpty()) {
      return;
    }
    int length = frame.unsignedShort(udp + 4);
    int sum =
        source.sum()
            + destination.sum()
            + FiveTuple.UDP
            + length
            + frame.unsignedShort(udp)
            + frame.unsignedShort(udp + 2)
            + length
            + innerSum.getAsInt();
    int checksum = Checksum.ofSum(sum);
    // one's complement -0: a 0 would mean no checksum
    frame.putShort(udp + 6, checksum == 0 ? 0xffff : checksum);
  }

  /** The IPv4 header sums to 0, and so does ICMP, which has no pseudo header. */
  private static OptionalInt sumInnerIpv4(Frame frame, int ip) {
    int protocol = frame.unsignedByte(ip + 9);
    int length = frame.unsignedShort(ip + 2) - IPV4_HEADER;
    if (lacksChecksum(frame, protocol, ip + IPV4_HEADER, length)) {
      return OptionalInt.empty();
    }
    if (protocol == FiveTuple.ICMP) {
      return OptionalInt.of(0);
    }
    return OptionalInt.of(
        complement(frame.ipv4Address(ip + 12).sum())
            + complement(frame.ipv4Address(ip + 16).sum())
            + complement(protocol)
            + complement(length));
  }

  /** The addresses and the length are in both the header and the pseudo header, and cancel out. */
  private static OptionalInt sumInnerIpv6(Frame frame, int ip) {
    int protocol = frame.unsignedByte(ip + 6);
    if (lacksChecksum(frame, protocol, ip + IPV6_HEADER, frame.unsignedShort(ip + 4))) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(
        frame.unsignedShort(ip)
            + frame.unsignedShort(ip + 2)
            + frame.unsignedShort(ip + 6)
            + complement(protocol));
  }

  /**
   * Returns whether no checksum covers the whole inner payload: UDP may have none, and its own
   * length may be less than the payload.
   */
  private static boolean lacksChecksum(Frame frame, int protocol, int transport, int payload) {
    return protocol == FiveTuple.UDP
        && (frame.unsignedShort(transport + 6) == 0
            || frame.unsignedShort(transport + 4) != payload);
  }

  private static int complement(int sum) {
    return ~Checksum.fold(sum) & 0xffff;
  }
}
