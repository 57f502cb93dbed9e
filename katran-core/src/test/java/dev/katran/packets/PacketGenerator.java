package dev.katran.packets;

import java.util.List;
import java.util.stream.Stream;

/** Generates IP packets without tunnels. */
final class PacketGenerator {

  private static final int HOP_BY_HOP = 0;
  private static final int IGMP = 2;
  private static final byte[] IGMP_ROUTERS = Hex.decode("e0000016");
  private static final byte[] IGMP_REPORT = Hex.decode("2200000000000000");
  private static final byte[] MLD_ROUTERS = Hex.decode("ff020000000000000000000000000016");

  /** A hop-by-hop header with a router alert, and a report without records. */
  private static final byte[] MLD_REPORT = Hex.decode("3a000502000001008f00000000000000");

  /** Unspecified, loopback, multicast, broadcast. */
  private static final List<byte[]> NO_SOURCES =
      Stream.of("00000000", "7f000001", "e0000001", "ffffffff").map(Hex::decode).toList();

  /** Unspecified, loopback, multicast. */
  private static final List<byte[]> NO_SOURCES_V6 =
      Stream.of(
              "00000000000000000000000000000000",
              "00000000000000000000000000000001",
              "ff020000000000000000000000000001")
          .map(Hex::decode)
          .toList();

  private final Dice dice;
  private final Aims aims;
  private final IpGenerator ip;
  private final TcpGenerator tcp;
  private final UdpGenerator udp;
  private final IcmpGenerator icmp;

  PacketGenerator(Dice dice, Aims aims, IpGenerator ip, UdpGenerator udp) {
    this.dice = dice;
    this.aims = aims;
    this.ip = ip;
    this.udp = udp;
    this.tcp = new TcpGenerator(dice, aims, ip);
    this.icmp = new IcmpGenerator(dice, ip);
  }

  /**
   * Returns a packet, usually from a client to a VIP.
   *
   * @param least the minimum length in bytes
   */
  byte[] packet(boolean isIpv6, int least) {
    byte[] source = source(isIpv6);
    byte[] destination = aims.vips().draw(dice, isIpv6);
    int body = Math.max(0, least - IpGenerator.headerLength(isIpv6));
    return switch (dice.below(20)) {
      case 0 -> {
        byte[] echo = icmp.echoRequest(source, destination, body);
        yield ip.packet(source, destination, icmp.protocol(isIpv6), echo);
      }
      case 1 -> {
        byte[] any = icmp.any(source, destination, body);
        yield ip.packet(source, destination, icmp.protocol(isIpv6), any);
      }
      case 2, 3, 4 -> {
        byte[] router = aims.clients().draw(dice, isIpv6);
        // rarely, the error quotes a packet of another sender than the one that it is sent to
        byte[] sender = dice.oneIn(8) ? aims.vips().draw(dice, isIpv6) : destination;
        byte[] error = icmp.error(router, destination, reply(source, sender), body);
        yield ip.packet(router, destination, icmp.protocol(isIpv6), error);
      }
      case 5 ->
          dice.oneIn(4)
              ? membershipReport(source, isIpv6)
              : ip.packet(source, destination, otherProtocol(), dice.bytes(dice.below(40)));
      default -> flow(source, destination, body);
    };
  }

  /** Returns a client's address or, rarely, one that no packet to a VIP can come from. */
  private byte[] source(boolean isIpv6) {
    return dice.oneIn(30)
        ? dice.pick(isIpv6 ? NO_SOURCES_V6 : NO_SOURCES).clone()
        : aims.clients().draw(dice, isIpv6);
  }

  /** Returns a packet of IGMPv3 or MLDv2 to the routers, with their alert (RFC 3376, RFC 3810). */
  private byte[] membershipReport(byte[] source, boolean isIpv6) {
    return isIpv6
        ? ip.packet(source, MLD_ROUTERS, HOP_BY_HOP, MLD_REPORT)
        : ip.withRouterAlert(source, IGMP_ROUTERS, IGMP, IGMP_REPORT);
  }

  /** Returns a VIP's packet to a client, for an error to quote. */
  private byte[] reply(byte[] client, byte[] vip) {
    return dice.oneIn(16)
        ? ip.packet(vip, client, otherProtocol(), dice.bytes(dice.below(40)))
        : flow(vip, client, 0);
  }

  private byte[] flow(byte[] source, byte[] destination, int least) {
    int from = aims.port(dice);
    int to = aims.port(dice);
    return dice.coin()
        ? ip.packet(
            source, destination, IpGenerator.TCP, tcp.segment(source, destination, from, to, least))
        : ip.packet(
            source,
            destination,
            IpGenerator.UDP,
            udp.datagram(source, destination, from, to, least));
  }

  /** Returns a protocol other than TCP and UDP: IPv6 extension headers, tunnels and others. */
  private int otherProtocol() {
    return dice.coin()
        ? dice.pick(0, 1, 4, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 136)
        : dice.bits(8);
  }
}
