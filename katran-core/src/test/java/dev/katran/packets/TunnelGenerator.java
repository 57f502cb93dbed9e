package dev.katran.packets;

/** Encapsulates packets: IPIP in all four family combinations, and GUE. */
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
   * Returns the packet in one tunnel or in several nested ones.
   *
   * @param outermostIsIpv6 whether the outermost header is IPv6
   */
  byte[] wrap(byte[] packet, boolean isIpv6, boolean outermostIsIpv6) {
    byte[] wrapped = packet;
    boolean innerIsIpv6 = isIpv6;
    for (int extra = dice.oneIn(4) ? dice.between(1, 5) : 0; extra > 0; extra--) {
      boolean outerIsIpv6 = dice.coin();
      wrapped = wrapOnce(wrapped, innerIsIpv6, outerIsIpv6);
      innerIsIpv6 = outerIsIpv6;
    }
    return wrapOnce(wrapped, innerIsIpv6, outermostIsIpv6);
  }

  private byte[] wrapOnce(byte[] packet, boolean innerIsIpv6, boolean outerIsIpv6) {
    byte[] source = aims.clients().draw(dice, outerIsIpv6);
    byte[] destination = aims.tunnelEndpoints().draw(dice, outerIsIpv6);
    if (dice.oneIn(50) && packet.length > 0) {
      // an unknown version for GUE, or one that contradicts the IPIP protocol number
      packet[0] = (byte) (dice.coin() ? dice.bits(8) : packet[0] ^ 0x20);
    }
    if (dice.coin()) {
      // a few declare the other family
      boolean declaredIpv6 = innerIsIpv6 ^ dice.oneIn(50);
      int protocol = declaredIpv6 ? IpGenerator.IPV6 : IpGenerator.IPIP;
      return ip.packet(source, destination, protocol, packet);
    }
    int port = dice.oneIn(30) ? aims.port(dice) : aims.guePort();
    byte[] datagram = udp.wrap(source, destination, aims.port(dice), port, packet);
    return ip.packet(source, destination, IpGenerator.UDP, datagram);
  }
}
