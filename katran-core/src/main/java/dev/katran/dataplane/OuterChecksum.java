package dev.katran.dataplane;

import static dev.katran.dataplane.Frame.IPV4_HEADER;
import static dev.katran.dataplane.Frame.IPV6_HEADER;

import java.util.OptionalInt;

/**
 * The checksum of an outer UDP header, told from the headers alone, however long the packet is. It
 * relies on the checksums inside: the sum of what one covers is 0, and so the payload's is that of
 * its pseudo header with the sign changed, which in this arithmetic is a word's complement. If a
 * checksum inside is wrong, so is the outer one. UDP without a checksum stays without one.
 */
final class OuterChecksum {

  private OuterChecksum() {}

  /** Writes the checksum of the UDP header at {@code udp}, which is complete but for it. */
  static void write(
      Frame frame, int udp, Address source, Address destination, boolean innerIsIpv6) {
    int inner = udp + Frame.UDP_HEADER;
    OptionalInt innerSum = innerIsIpv6 ? ofIpv6(frame, inner) : ofIpv4(frame, inner);
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
    // the other zero: 0 would say that there is none
    frame.putShort(udp + 6, checksum == 0 ? 0xffff : checksum);
  }

  /** The header sums to 0, and so does ICMP, which has no pseudo header. */
  private static OptionalInt ofIpv4(Frame frame, int ip) {
    int protocol = frame.unsignedByte(ip + 9);
    if (lacksChecksum(frame, protocol, ip + IPV4_HEADER)) {
      return OptionalInt.empty();
    }
    if (protocol == FiveTuple.ICMP) {
      return OptionalInt.of(0);
    }
    int length = frame.unsignedShort(ip + 2) - IPV4_HEADER & 0xffff;
    return OptionalInt.of(
        complement(frame.ipv4Address(ip + 12).sum())
            + complement(frame.ipv4Address(ip + 16).sum())
            + complement(protocol)
            + complement(length));
  }

  /** Addresses and length are in the header and the pseudo header both, and cancel out. */
  private static OptionalInt ofIpv6(Frame frame, int ip) {
    int protocol = frame.unsignedByte(ip + 6);
    if (lacksChecksum(frame, protocol, ip + IPV6_HEADER)) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(
        frame.unsignedShort(ip)
            + frame.unsignedShort(ip + 2)
            + frame.unsignedShort(ip + 6)
            + complement(protocol));
  }

  private static boolean lacksChecksum(Frame frame, int protocol, int transport) {
    return protocol == FiveTuple.UDP && frame.unsignedShort(transport + 6) == 0;
  }

  private static int complement(int sum) {
    return ~Checksum.fold(sum) & 0xffff;
  }
}
