package dev.katran.internal.dataplane.memory;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;

import dev.katran.internal.dataplane.IpipSources;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.packet.ParsedFrame;

/**
 * IP in IP: IPv4 in IPv4, 6in4, 4in6 and 6in6; {@code ipip.h} in Java. The outer source address
 * depends on the flow. Receivers hash it, so it spreads flows over their receive queues.
 */
final class Ipip {

  private static final int PROTOCOL_IPV4 = 4;
  private static final int PROTOCOL_IPV6 = 41;

  private final Address prefixV4;
  private final Address prefixV6;

  Ipip(IpipSources sources) {
    this.prefixV4 = Address.of(sources.prefixV4());
    this.prefixV6 = Address.of(sources.prefixV6());
  }

  /** Encapsulates a packet. {@code flow} determines the outer source address. */
  void encapsulate(Outer outer, ParsedFrame.Packet packet, FiveTuple flow, Hop hop) {
    int protocol = packet.isIpv6() ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
    int length = packet.totalLength();
    if (outer.destination().isIpv6()) {
      outer.frame().pushHeader(IPV6_HEADER, Frame.ETHERTYPE_IPV6, hop);
      outer.putIpv6(length, protocol, sourceV6(flow));
    } else {
      outer.frame().pushHeader(IPV4_HEADER, Frame.ETHERTYPE_IPV4, hop);
      outer.putIpv4(length, protocol, sourceV4(flow));
    }
  }

  private Address sourceV4(FiveTuple flow) {
    return Address.ipv4(prefixV4.lastFourBytes() | Gue.mixIpv4(flow));
  }

  private Address sourceV6(FiveTuple flow) {
    int last = flow.source().lastFourBytes() ^ flow.sourcePort() << 16;
    return Address.ipv6(prefixV6.high(), prefixV6.low() | Integer.toUnsignedLong(last));
  }
}
