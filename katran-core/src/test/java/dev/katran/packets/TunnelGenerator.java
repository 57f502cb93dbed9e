package dev.katran.packets;

/** Puts packets in tunnels: IPIP of all four kinds, and GUE. */
final class TunnelGenerator {

  private final Dice dice;
  private final Aims aims;
  private final IpGenerator ip;
  private final UdpGenerator udp;

  TunnelGenerator(Dice dice, Aims aims, IpGenerator ip, UdpGenerator udp) {
    this.dice = dice;
    this.aims = aims;
    this.ip = ip;
    this.udp = udp;
  }

  /**
   * The packet in one tunnel, or in several one inside the other.
   *
   * @param outermostIsIpv6 the family of the outermost header
   */
  byte[] wrap(byte[] packet, boolean isIpv6, boolean outermostIsIpv6) {
    byte[] wrapped = packet;
    boolean innerIsIpv6 = isIpv6;
    for (int more = dice.oneIn(4) ? dice.between(1, 5) : 0; more > 0; more--) {
      boolean outerIsIpv6 = dice.coin();
      wrapped = wrapOnce(wrapped, innerIsIpv6, outerIsIpv6);
      innerIsIpv6 = outerIsIpv6;
    }
    return wrapOnce(wrapped, innerIsIpv6, outermostIsIpv6);
  }

  private byte[] wrapOnce(byte[] packet, boolean innerIsIpv6, boolean outerIsIpv6) {
    byte[] source = aims.clients().draw(dice, outerIsIpv6);
    byte[] destination = aims.tunnelEnds().draw(dice, outerIsIpv6);
    if (dice.oneIn(50) && packet.length > 0) {
      // another version: one that GUE cannot tell, or the one that IPIP does not say
      packet[0] = (byte) (dice.coin() ? dice.bits(8) : packet[0] ^ 0x20);
    }
    if (dice.coin()) {
      // some say that the other family is inside
      boolean saysIpv6 = innerIsIpv6 ^ dice.oneIn(50);
      int protocol = saysIpv6 ? IpGenerator.IPV6 : IpGenerator.IPIP;
      return ip.packet(source, destination, protocol, packet);
    }
    int port = dice.oneIn(30) ? aims.port(dice) : aims.guePort();
    byte[] datagram = udp.wrap(source, destination, aims.port(dice), port, packet);
    return ip.packet(source, destination, IpGenerator.UDP, datagram);
  }
}
