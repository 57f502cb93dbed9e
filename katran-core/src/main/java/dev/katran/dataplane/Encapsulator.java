package dev.katran.dataplane;

import static dev.katran.dataplane.Frame.IPV4_HEADER;
import static dev.katran.dataplane.Frame.IPV6_HEADER;
import static dev.katran.dataplane.Frame.NETWORK;
import static dev.katran.dataplane.Frame.UDP_HEADER;

import dev.katran.TrafficClass;
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

  private final int guePort;
  private final Address gueSourceV4;
  private final Address gueSourceV6;
  private final TrafficClass trafficClass;

  Encapsulator(DataplaneConfig config) {
    GueConfig gue = config.gue();
    this.guePort = gue.port();
    this.gueSourceV4 = orElse(gue.sourceV4(), Address.ipv4(0));
    this.gueSourceV6 = orElse(gue.sourceV6(), Address.ipv6(0, 0));
    this.trafficClass = config.trafficClass();
  }

  private static Address orElse(@Nullable InetAddress address, Address otherwise) {
    return address == null ? otherwise : Address.of(address);
  }

  /**
   * Wraps the frame's packet.
   *
   * @param flow whose source is mixed into the outer one
   * @param gue whether in GUE, or else in IPIP
   * @param hop where the frame goes
   */
  void encapsulate(
      Frame frame, Parsed.Packet packet, FiveTuple flow, Address backend, boolean gue, Hop hop) {
    Outer outer = new Outer(frame, outerTrafficClass(packet), backend);
    if (gue) {
      encapsulateGue(outer, packet, flow, hop);
    } else {
      encapsulateIpip(outer, packet, flow, hop);
    }
  }

  private int outerTrafficClass(Parsed.Packet packet) {
    return switch (trafficClass) {
      case TrafficClass.Copied copied -> packet.trafficClass();
      case TrafficClass.Fixed(int value) -> value;
    };
  }

  private static void encapsulateIpip(Outer outer, Parsed.Packet packet, FiveTuple flow, Hop hop) {
    int protocol = packet.isIpv6() ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
    int length = packet.totalLength();
    if (outer.destination.isIpv6()) {
      outer.frame.pushHeader(IPV6_HEADER, Frame.ETHERTYPE_IPV6, hop);
      outer.putIpv6(length, protocol, outerSourceV6(flow));
    } else {
      outer.frame.pushHeader(IPV4_HEADER, Frame.ETHERTYPE_IPV4, hop);
      outer.putIpv4(length, protocol, outerSourceV4(flow));
    }
  }

  private void encapsulateGue(Outer outer, Parsed.Packet packet, FiveTuple flow, Hop hop) {
    Frame frame = outer.frame;
    Address backend = outer.destination;
    int length = UDP_HEADER + packet.totalLength();
    if (backend.isIpv6()) {
      frame.pushHeader(IPV6_HEADER + UDP_HEADER, Frame.ETHERTYPE_IPV6, hop);
      outer.putIpv6(length, FiveTuple.UDP, gueSourceV6);
      int udp = NETWORK + IPV6_HEADER;
      frame.putUdpHeader(udp, gueSourcePortV6(flow), guePort, length, 0);
      OuterChecksum.write(frame, udp, gueSourceV6, backend, packet.isIpv6());
    } else {
      frame.pushHeader(IPV4_HEADER + UDP_HEADER, Frame.ETHERTYPE_IPV4, hop);
      outer.putIpv4(length, FiveTuple.UDP, gueSourceV4);
      int udp = NETWORK + IPV4_HEADER;
      frame.putUdpHeader(udp, gueSourcePortV4(flow), guePort, length, 0);
      OuterChecksum.write(frame, udp, gueSourceV4, backend, packet.isIpv6());
    }
  }

  /** The outer IP header, as far as it does not depend on what follows it. */
  private record Outer(Frame frame, int trafficClass, Address destination) {

    void putIpv4(int length, int protocol, Address source) {
      frame.putByte(NETWORK, 0x45);
      frame.putByte(NETWORK + 1, trafficClass);
      frame.putShort(NETWORK + 2, IPV4_HEADER + length);
      frame.putInt(NETWORK + 4, 0);
      frame.putByte(NETWORK + 8, TTL);
      frame.putByte(NETWORK + 9, protocol);
      frame.putShort(NETWORK + 10, 0);
      frame.putAddress(NETWORK + 12, source);
      frame.putAddress(NETWORK + 16, destination);
      frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
    }

    void putIpv6(int length, int protocol, Address source) {
      frame.putInt(NETWORK, 6 << 28 | trafficClass << 20);
      frame.putShort(NETWORK + 4, length);
      frame.putByte(NETWORK + 6, protocol);
      frame.putByte(NETWORK + 7, TTL);
      frame.putAddress(NETWORK + 8, source);
      frame.putAddress(NETWORK + 24, destination);
    }
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
