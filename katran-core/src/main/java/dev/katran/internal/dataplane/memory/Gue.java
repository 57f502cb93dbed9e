package dev.katran.internal.dataplane.memory;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;
import static dev.katran.internal.packet.Frame.UDP_HEADER;

import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.packet.OuterChecksum;
import dev.katran.internal.packet.ParsedFrame;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * GUE variant 1 (draft-ietf-intarea-gue); {@code gue.h} in Java. The inner packet directly follows
 * the UDP header, and the version field of its IP header identifies it. The outer source port
 * depends on the flow, which spreads flows over paths and queues.
 */
final class Gue {

  /** The first dynamic port (RFC 6335, section 6); sets the two upper bits of a port. */
  private static final int FIRST_DYNAMIC_PORT = 49152;

  private final int port;
  private final int sourcePortBits;
  private final Address sourceV4;
  private final Address sourceV6;

  Gue(GueConfig config) {
    this.port = config.port();
    this.sourcePortBits = config.dynamicSourcePorts() ? FIRST_DYNAMIC_PORT : 0;
    this.sourceV4 = orElse(config.sourceV4(), Address.ipv4(0));
    this.sourceV6 = orElse(config.sourceV6(), Address.ipv6(0, 0));
  }

  private static Address orElse(@Nullable InetAddress address, Address otherwise) {
    return address == null ? otherwise : Address.of(address);
  }

  /** Encapsulates a packet. {@code flow} determines the outer source port. */
  void encapsulate(Outer outer, ParsedFrame.Packet packet, FiveTuple flow, Hop hop) {
    Frame frame = outer.frame();
    Address backend = outer.destination();
    int length = UDP_HEADER + packet.totalLength();
    if (backend.isIpv6()) {
      frame.pushHeader(IPV6_HEADER + UDP_HEADER, Frame.ETHERTYPE_IPV6, hop);
      outer.putIpv6(length, FiveTuple.UDP, sourceV6);
      int udp = NETWORK + IPV6_HEADER;
      frame.putUdpHeader(udp, sourcePortBits | mixIpv6(flow), port, length, 0);
      OuterChecksum.write(frame, udp, sourceV6, backend, packet.isIpv6());
    } else {
      frame.pushHeader(IPV4_HEADER + UDP_HEADER, Frame.ETHERTYPE_IPV4, hop);
      outer.putIpv4(length, FiveTuple.UDP, sourceV4);
      int udp = NETWORK + IPV4_HEADER;
      frame.putUdpHeader(udp, sourcePortBits | mixIpv4(flow), port, length, 0);
      OuterChecksum.write(frame, udp, sourceV4, backend, packet.isIpv6());
    }
  }

  /** Returns the source port in IPv4. It is also the low half of IPIP's outer source address. */
  static int mixIpv4(FiveTuple flow) {
    int portLow = flow.sourcePort() & 0xff;
    int portHigh = flow.sourcePort() >> 8;
    int lastTwoBytes = flow.source().lastFourBytes() & 0xffff;
    return lastTwoBytes ^ (portLow << 8 | portHigh);
  }

  private static int mixIpv6(FiveTuple flow) {
    int lastFourBytes = flow.source().lastFourBytes();
    int twoBytes = flow.source().isIpv6() ? lastFourBytes >>> 16 : lastFourBytes & 0xffff;
    return twoBytes ^ flow.sourcePort();
  }
}
