package dev.katran.packets;

/** Generates IP packets without tunnels. */
final class PacketGenerator {

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
    byte[] source = aims.clients().draw(dice, isIpv6);
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
        byte[] error = icmp.error(router, destination, reply(source, destination), body);
        yield ip.packet(router, destination, icmp.protocol(isIpv6), error);
      }
      case 5 -> ip.packet(source, destination, otherProtocol(), dice.bytes(dice.below(40)));
      default -> flow(source, destination, body);
    };
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
