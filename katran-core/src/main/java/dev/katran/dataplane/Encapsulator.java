package dev.katran.dataplane;

import static dev.katran.dataplane.Frame.IPV4_HEADER;
import static dev.katran.dataplane.Frame.IPV6_HEADER;
import static dev.katran.dataplane.Frame.NETWORK;
import static dev.katran.dataplane.Frame.UDP_HEADER;

import dev.katran.Encapsulation;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Puts a packet, as it is, into an IP packet to its backend: IPIP for IPv4 in IPv4, 6in4, 4in6 or
 * 6in6, or any of the four in UDP, which is GUE.
 */
final class Encapsulator {

  private static final int PROTOCOL_IPV4 = 4;
  private static final int PROTOCOL_IPV6 = 41;
  private static final int TTL = 64;

  /** 172.16.0.0/16 */
  private static final int SOURCE_PREFIX_V4 = 172 << 24 | 16 << 16;

  /** 100::/64, the discard prefix (RFC 6666). */
  private static final long SOURCE_PREFIX_V6 = 0x0100L << 48;

  private final boolean gue;
  private final int guePort;
  private final Address gueSourceV4;
  private final Address gueSourceV6;

  Encapsulator(GueConfig config) {
    this.gue = config.isUsed();
    this.guePort = config.port();
    this.gueSourceV4 = orElse(config.sourceV4(), Address.ipv4(0));
    this.gueSourceV6 = orElse(config.sourceV6(), Address.ipv6(0, 0));
  }

  private static Address orElse(@Nullable InetAddress address, Address otherwise) {
    return address == null ? otherwise : Address.of(address);
  }

  /**
   * Wraps the frame's packet.
   *
   * @param flow whose source is mixed into the outer one
   */
  void encapsulate(Frame frame, Parsed.Packet packet, FiveTuple flow, Backends.Reachable backend) {
    if (gue && backend.encapsulation() instanceof Encapsulation.Gue) {
      encapsulateGue(frame, packet, flow, backend);
    } else {
      encapsulateIpip(frame, packet, flow, backend);
    }
  }

  private static void encapsulateIpip(
      Frame frame, Parsed.Packet packet, FiveTuple flow, Backends.Reachable backend) {
    int protocol = packet.isIpv6() ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
    int length = packet.totalLength();
    if (backend.address().isIpv6()) {
      frame.pushHeader(IPV6_HEADER, Frame.ETHERTYPE_IPV6, backend.hop());
      putIpv6(frame, packet, length, protocol, outerSourceV6(flow), backend.address());
    } else {
      frame.pushHeader(IPV4_HEADER, Frame.ETHERTYPE_IPV4, backend.hop());
      putIpv4(frame, packet, length, protocol, outerSourceV4(flow), backend.address());
    }
  }

  private void encapsulateGue(
      Frame frame, Parsed.Packet packet, FiveTuple flow, Backends.Reachable backend) {
    int length = UDP_HEADER + packet.totalLength();
    if (backend.address().isIpv6()) {
      frame.pushHeader(IPV6_HEADER + UDP_HEADER, Frame.ETHERTYPE_IPV6, backend.hop());
      putIpv6(frame, packet, length, FiveTuple.UDP, gueSourceV6, backend.address());
      int udp = NETWORK + IPV6_HEADER;
      frame.putUdpHeader(udp, gueSourcePortV6(flow), guePort, length, 0);
      OuterChecksum.write(frame, udp, gueSourceV6, backend.address(), packet.isIpv6());
    } else {
      frame.pushHeader(IPV4_HEADER + UDP_HEADER, Frame.ETHERTYPE_IPV4, backend.hop());
      putIpv4(frame, packet, length, FiveTuple.UDP, gueSourceV4, backend.address());
      int udp = NETWORK + IPV4_HEADER;
      frame.putUdpHeader(udp, gueSourcePortV4(flow), guePort, length, 0);
      OuterChecksum.write(frame, udp, gueSourceV4, backend.address(), packet.isIpv6());
    }
  }

  private static void putIpv4(
      Frame frame,
      Parsed.Packet packet,
      int length,
      int protocol,
      Address source,
      Address destination) {
    frame.putByte(NETWORK, 0x45);
    frame.putByte(NETWORK + 1, packet.trafficClass());
    frame.putShort(NETWORK + 2, IPV4_HEADER + length);
    frame.putInt(NETWORK + 4, 0);
    frame.putByte(NETWORK + 8, TTL);
    frame.putByte(NETWORK + 9, protocol);
    frame.putShort(NETWORK + 10, 0);
    frame.putAddress(NETWORK + 12, source);
    frame.putAddress(NETWORK + 16, destination);
    frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
  }

  private static void putIpv6(
      Frame frame,
      Parsed.Packet packet,
      int length,
      int protocol,
      Address source,
      Address destination) {
    frame.putInt(NETWORK, 6 << 28 | packet.trafficClass() << 20);
    frame.putShort(NETWORK + 4, length);
    frame.putByte(NETWORK + 6, protocol);
    frame.putByte(NETWORK + 7, TTL);
    frame.putAddress(NETWORK + 8, source);
    frame.putAddress(NETWORK + 24, destination);
  }

  /*
   * The outer source tells flows apart, for backends whose network cards spread packets over
   * queues by the outer addresses; with GUE it is the outer source port that does.
   */

  private static Address outerSourceV4(FiveTuple flow) {
    return Address.ipv4(SOURCE_PREFIX_V4 | gueSourcePortV4(flow));
  }

  private static Address outerSourceV6(FiveTuple flow) {
    int last = flow.source().lastFourBytes() ^ flow.sourcePort() << 16;
    return Address.ipv6(SOURCE_PREFIX_V6, Integer.toUnsignedLong(last));
  }

  /** Two bytes, as the outer source of IPIP ends with. */
  private static int gueSourcePortV4(FiveTuple flow) {
    int portLow = flow.sourcePort() & 0xff;
    int portHigh = flow.sourcePort() >> 8;
    int lastTwoBytes = flow.source().lastFourBytes() & 0xffff;
    return lastTwoBytes ^ (portLow << 8 | portHigh);
  }

  private static int gueSourcePortV6(FiveTuple flow) {
    int lastFourBytes = flow.source().lastFourBytes();
    int twoBytes = flow.source().isIpv6() ? lastFourBytes >>> 16 : lastFourBytes & 0xffff;
    return twoBytes ^ flow.sourcePort();
  }
}
