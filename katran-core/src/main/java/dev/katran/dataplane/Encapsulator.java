package dev.katran.dataplane;

import static dev.katran.dataplane.Frame.IPV4_HEADER;
import static dev.katran.dataplane.Frame.IPV6_HEADER;
import static dev.katran.dataplane.Frame.NETWORK;

/**
 * Puts a packet, as it is, into an IP packet to its backend: IPIP for IPv4 in IPv4, 6in4, 4in6 or
 * 6in6.
 */
final class Encapsulator {

  private static final int PROTOCOL_IPV4 = 4;
  private static final int PROTOCOL_IPV6 = 41;
  private static final int TTL = 64;

  /** 172.16.0.0/16 */
  private static final int SOURCE_PREFIX_V4 = 172 << 24 | 16 << 16;

  /** 100::/64, the discard prefix (RFC 6666). */
  private static final long SOURCE_PREFIX_V6 = 0x0100L << 48;

  private Encapsulator() {}

  /**
   * Wraps the frame's packet.
   *
   * @param flow whose source is mixed into the outer one
   */
  static void encapsulate(
      Frame frame, Parsed.Packet packet, FiveTuple flow, Address backend, Hop hop) {
    int protocol = packet.isIpv6() ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
    if (backend.isIpv6()) {
      frame.pushHeader(IPV6_HEADER, Frame.ETHERTYPE_IPV6, hop);
      frame.putInt(NETWORK, 6 << 28 | packet.trafficClass() << 20);
      frame.putShort(NETWORK + 4, packet.totalLength());
      frame.putByte(NETWORK + 6, protocol);
      frame.putByte(NETWORK + 7, TTL);
      frame.putAddress(NETWORK + 8, outerSourceV6(flow));
      frame.putAddress(NETWORK + 24, backend);
    } else {
      frame.pushHeader(IPV4_HEADER, Frame.ETHERTYPE_IPV4, hop);
      frame.putByte(NETWORK, 0x45);
      frame.putByte(NETWORK + 1, packet.trafficClass());
      frame.putShort(NETWORK + 2, IPV4_HEADER + packet.totalLength());
      frame.putInt(NETWORK + 4, 0);
      frame.putByte(NETWORK + 8, TTL);
      frame.putByte(NETWORK + 9, protocol);
      frame.putShort(NETWORK + 10, 0);
      frame.putAddress(NETWORK + 12, outerSourceV4(flow));
      frame.putAddress(NETWORK + 16, backend);
      frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
    }
  }

  /*
   * The outer source tells flows apart, for backends whose network cards spread packets over
   * queues by the outer addresses.
   */

  private static Address outerSourceV4(FiveTuple flow) {
    int portLow = flow.sourcePort() & 0xff;
    int portHigh = flow.sourcePort() >> 8;
    int lastTwoBytes = flow.source().lastFourBytes() & 0xffff;
    return Address.ipv4(SOURCE_PREFIX_V4 | (lastTwoBytes ^ (portLow << 8 | portHigh)));
  }

  private static Address outerSourceV6(FiveTuple flow) {
    int last = flow.source().lastFourBytes() ^ flow.sourcePort() << 16;
    return Address.ipv6(SOURCE_PREFIX_V6, Integer.toUnsignedLong(last));
  }
}
