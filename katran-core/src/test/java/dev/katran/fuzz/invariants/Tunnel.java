package dev.katran.fuzz.invariants;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.UdpPacket;
import org.pcap4j.packet.UdpPacket.UdpHeader;
import org.pcap4j.util.ByteArrays;

/**
 * A packet that carries another one.
 *
 * @param outer the packet
 * @param udp the header of GUE, or null for IP in IP
 * @param innerIsIpv6 whether the packet inside is IPv6
 * @param innerStart the offset of the packet inside
 * @param innerEnd the offset behind the last byte that the packet inside may have
 */
record Tunnel(
    IpPacket outer, @Nullable UdpHeader udp, boolean innerIsIpv6, int innerStart, int innerEnd) {

  private static final int UDP_HEADER = 8;
  private static final int UDP_LENGTH = 4;

  /** Reads a well-formed packet as a tunnel. Returns null if it is none. */
  static @Nullable Tunnel read(IpPacket outer, int guePort) {
    if (outer.isFragment() || (!outer.isIpv6() && outer.headerLength() != 20)) {
      return null;
    }
    int end = outer.start() + outer.length();
    return switch (outer.protocol()) {
      case IpPacket.IPIP -> new Tunnel(outer, null, false, outer.payloadStart(), end);
      case IpPacket.SIX_IN_FOUR -> new Tunnel(outer, null, true, outer.payloadStart(), end);
      case IpPacket.UDP -> readGue(outer, guePort);
      default -> null;
    };
  }

  private static @Nullable Tunnel readGue(IpPacket outer, int guePort) {
    if (outer.payloadLength() <= UDP_HEADER) {
      return null;
    }
    UdpHeader udp = udpHeader(outer);
    if (udp.getDstPort().valueAsInt() != guePort) {
      return null;
    }
    int udpLength = ByteArrays.getShort(outer.frame(), outer.payloadStart() + UDP_LENGTH) & 0xffff;
    if (udpLength == UDP_HEADER) {
      return null; // an empty datagram holds no packet
    }
    int inner = outer.payloadStart() + UDP_HEADER;
    int end = outer.payloadStart() + udpLength;
    return switch ((outer.frame()[inner] & 0xff) >> 4) {
      case 4 -> new Tunnel(outer, udp, false, inner, end);
      case 6 -> new Tunnel(outer, udp, true, inner, end);
      default -> null;
    };
  }

  /** Reads the header with another length: pcap4j refuses one that is below 8. */
  private static UdpHeader udpHeader(IpPacket outer) {
    byte[] header =
        Arrays.copyOfRange(outer.frame(), outer.payloadStart(), outer.payloadStart() + UDP_HEADER);
    header[UDP_LENGTH] = 0;
    header[UDP_LENGTH + 1] = UDP_HEADER;
    try {
      return UdpPacket.newPacket(header, 0, UDP_HEADER).getHeader();
    } catch (IllegalRawDataException e) {
      throw new IllegalStateException(e);
    }
  }

  boolean isGue() {
    return udp != null;
  }

  /** Returns whether the UDP length of GUE is possible in the outer packet. */
  boolean isWellFormed() {
    return innerEnd >= innerStart && innerEnd <= outer.start() + outer.length();
  }

  /** Returns the packet inside, or null if its header cannot be read. */
  @Nullable IpPacket inner() {
    return IpPacket.read(outer.frame(), innerStart, innerEnd, innerIsIpv6);
  }
}
