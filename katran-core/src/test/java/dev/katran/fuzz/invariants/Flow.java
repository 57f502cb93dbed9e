package dev.katran.fuzz.invariants;

import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV6CommonPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV6ExtFragmentPacket;
import org.pcap4j.packet.IpV6ExtFragmentPacket.IpV6ExtFragmentHeader;
import org.pcap4j.util.ByteArrays;

/**
 * The flow that a packet belongs to, in the direction from the client to the VIP.
 *
 * @param isError whether the packet is an ICMP error about the flow
 */
record Flow(
    InetAddress source,
    InetAddress destination,
    int sourcePort,
    int destinationPort,
    int protocol,
    boolean isError) {

  private static final int TCP_HEADER = 20;
  private static final int UDP_HEADER = 8;
  private static final int ICMP_HEADER = 8;

  /** The part of a transport header that every ICMP error quotes (RFC 792). */
  private static final int QUOTED_TRANSPORT = 8;

  private static final int FRAGMENT_HEADER = 8;

  private static final int ECHO_REQUEST = 8;
  private static final int ECHO_REQUEST_V6 = 128;

  /** Destination unreachable, time exceeded, parameter problem. */
  private static final Set<Integer> ERRORS = Set.of(3, 11, 12);

  /** Destination unreachable, packet too big, time exceeded, parameter problem. */
  private static final Set<Integer> ERRORS_V6 = Set.of(1, 2, 3, 4);

  /** Returns the flow of a well-formed packet, or null if the packet belongs to none. */
  static @Nullable Flow of(IpPacket packet) {
    if (packet.isFragment()) {
      return null;
    }
    if (packet.isIcmp()) {
      return ofError(packet);
    }
    int least = packet.protocol() == IpPacket.TCP ? TCP_HEADER : UDP_HEADER;
    return isTcpOrUdp(packet.protocol()) && packet.payloadLength() >= least
        ? new Flow(
            packet.source(),
            packet.destination(),
            port(packet.frame(), packet.payloadStart()),
            port(packet.frame(), packet.payloadStart() + 2),
            packet.protocol(),
            /* isError= */ false)
        : null;
  }

  /** Returns the ICMP type of a well-formed packet, or -1. */
  static int icmpType(IpPacket packet) {
    if (!packet.isIcmp() || packet.isFragment() || packet.payloadLength() < ICMP_HEADER) {
      return -1;
    }
    try {
      int at = packet.payloadStart();
      byte type =
          packet.isIpv6()
              ? IcmpV6CommonPacket.newPacket(packet.frame(), at, 4).getHeader().getType().value()
              : IcmpV4CommonPacket.newPacket(packet.frame(), at, 4).getHeader().getType().value();
      return type & 0xff;
    } catch (IllegalRawDataException e) {
      return -1;
    }
  }

  static boolean isEchoRequest(IpPacket packet) {
    return icmpType(packet) == (packet.isIpv6() ? ECHO_REQUEST_V6 : ECHO_REQUEST);
  }

  private static @Nullable Flow ofError(IpPacket packet) {
    if (!(packet.isIpv6() ? ERRORS_V6 : ERRORS).contains(icmpType(packet))) {
      return null;
    }
    int end = packet.start() + packet.length();
    IpPacket quoted =
        IpPacket.readQuoted(
            packet.frame(), packet.payloadStart() + ICMP_HEADER, end, packet.isIpv6());
    // an error goes to the sender of the packet that it quotes
    if (quoted == null
        || quoted.isLaterFragment()
        || !quoted.source().equals(packet.destination())) {
      return null;
    }
    int protocol = quoted.protocol();
    int at = quoted.payloadStart();
    if (protocol == IpPacket.FRAGMENT && packet.isIpv6()) {
      IpV6ExtFragmentHeader fragment = fragment(packet.frame(), at, end);
      if (fragment == null || fragment.getFragmentOffset() != 0) {
        return null;
      }
      protocol = fragment.getNextHeader().value() & 0xff;
      at += FRAGMENT_HEADER;
    }
    return isTcpOrUdp(protocol) && end - at >= QUOTED_TRANSPORT
        ? new Flow(
            /* source= */ quoted.destination(),
            /* destination= */ quoted.source(),
            port(packet.frame(), at + 2),
            port(packet.frame(), at),
            protocol,
            /* isError= */ true)
        : null;
  }

  private static @Nullable IpV6ExtFragmentHeader fragment(byte[] frame, int at, int end) {
    if (end - at < FRAGMENT_HEADER) {
      return null;
    }
    try {
      return IpV6ExtFragmentPacket.newPacket(frame, at, FRAGMENT_HEADER).getHeader();
    } catch (IllegalRawDataException e) {
      return null;
    }
  }

  private static boolean isTcpOrUdp(int protocol) {
    return protocol == IpPacket.TCP || protocol == IpPacket.UDP;
  }

  private static int port(byte[] frame, int at) {
    return ByteArrays.getShort(frame, at) & 0xffff;
  }

  /** Returns whether an answer may be sent to an address. */
  static boolean isUnicast(InetAddress address) {
    byte[] bytes = address.getAddress();
    boolean isBroadcast =
        bytes.length == 4 && bytes[0] == -1 && bytes[1] == -1 && bytes[2] == -1 && bytes[3] == -1;
    return !address.isAnyLocalAddress()
        && !address.isLoopbackAddress()
        && !address.isMulticastAddress()
        && !isBroadcast;
  }
}
