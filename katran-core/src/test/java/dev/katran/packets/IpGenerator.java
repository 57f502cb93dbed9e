package dev.katran.packets;

import java.nio.ByteBuffer;

/** Adds IP headers, a few of them with wrong fields. */
final class IpGenerator {

  static final int IPIP = 4;
  static final int TCP = 6;
  static final int UDP = 17;
  static final int IPV6 = 41;
  static final int FRAGMENT = 44;

  private static final int HEADER_V4 = 20;
  private static final int HEADER_V6 = 40;
  private static final int FRAGMENT_HEADER = 8;

  /** The router alert option (RFC 2113). */
  private static final int ROUTER_ALERT = 0x94040000;

  private final Dice dice;

  IpGenerator(Dice dice) {
    this.dice = dice;
  }

  /** Returns a packet with this body, in the family of the addresses. */
  byte[] packet(byte[] source, byte[] destination, int protocol, byte[] body) {
    return source.length == 4
        ? ipv4(source, destination, protocol, body)
        : ipv6(source, destination, protocol, body);
  }

  /** Returns an IPv4 packet that every router on its way must look at. */
  byte[] withRouterAlert(byte[] source, byte[] destination, int protocol, byte[] body) {
    return ipv4(source, destination, protocol, body, 6);
  }

  private byte[] ipv4(byte[] source, byte[] destination, int protocol, byte[] body) {
    int words = dice.oneIn(100) ? dice.between(5, 15) : 5;
    return ipv4(source, destination, protocol, body, words);
  }

  private byte[] ipv4(byte[] source, byte[] destination, int protocol, byte[] body, int words) {
    ByteBuffer ip = ByteBuffer.allocate(4 * words + body.length);
    ip.put((byte) (0x40 | words)).put((byte) trafficClass());
    ip.putShort((short) length(ip.capacity()));
    ip.putShort((short) dice.bits(16)).putShort((short) fragment());
    ip.put((byte) ttl()).put((byte) protocol).putShort((short) 0);
    ip.put(source).put(destination);
    if (words > 5) {
      ip.putInt(dice.oneIn(4) ? dice.word() : ROUTER_ALERT);
    }
    ip.position(4 * words).put(body);
    byte[] packet = ip.array();
    // a few headers have a wrong length or another version
    if (dice.oneIn(100)) {
      packet[0] = (byte) dice.pick(0x40 | dice.bits(4), 0x60 | words, words, dice.bits(8));
    }
    int checksum = new ChecksumAccumulator().add(packet, 0, 4 * words).checksum();
    ip.putShort(10, (short) checksum(checksum));
    return packet;
  }

  private byte[] ipv6(byte[] source, byte[] destination, int protocol, byte[] body) {
    return dice.oneIn(40)
        ? plainIpv6(source, destination, FRAGMENT, withFragmentHeader(protocol, body))
        : plainIpv6(source, destination, protocol, body);
  }

  /** Returns a body behind a fragment header (RFC 8200), often that of a whole packet. */
  private byte[] withFragmentHeader(int protocol, byte[] body) {
    int offset = dice.coin() ? 0 : dice.bits(13);
    return ByteBuffer.allocate(FRAGMENT_HEADER + body.length)
        .put((byte) protocol)
        .put((byte) 0)
        .putShort((short) (offset << 3 | dice.bits(1)))
        .putInt(dice.word())
        .put(body)
        .array();
  }

  private byte[] plainIpv6(byte[] source, byte[] destination, int protocol, byte[] body) {
    int version = dice.oneIn(100) ? dice.pick(4, 0, dice.bits(4)) : 6;
    int label = dice.coin() ? 0 : dice.bits(20);
    return ByteBuffer.allocate(HEADER_V6 + body.length)
        .putInt(version << 28 | trafficClass() << 20 | label)
        .putShort((short) length(body.length))
        .put((byte) protocol)
        .put((byte) ttl())
        .put(source)
        .put(destination)
        .put(body)
        .array();
  }

  /** Returns the length of the header that {@link #packet} writes, without options. */
  static int headerLength(boolean isIpv6) {
    return isIpv6 ? HEADER_V6 : HEADER_V4;
  }

  /** Returns the sum of the pseudo-header of a transport checksum. */
  static ChecksumAccumulator pseudoHeader(
      byte[] source, byte[] destination, int protocol, int length) {
    return new ChecksumAccumulator().add(source).add(destination).add(protocol).add(length);
  }

  /** Returns the given checksum, or sometimes none or a wrong one. */
  int checksum(int correct) {
    return switch (dice.below(24)) {
      case 0 -> 0;
      case 1 -> 0xffff;
      case 2 -> dice.bits(16);
      default -> correct;
    };
  }

  private int trafficClass() {
    return dice.coin() ? 0 : dice.bits(8);
  }

  private int ttl() {
    return dice.oneIn(5) ? dice.pick(0, 1, 1, 2, 255) : dice.between(3, 64);
  }

  private int length(int correct) {
    return switch (dice.below(60)) {
      case 0 -> dice.bits(16);
      case 1 -> dice.pick(0, 1, 19, 20, 21, 39, 40, 65_495, 65_496, 65_534, 65_535);
      case 2 -> correct + dice.between(-9, 9);
      default -> correct;
    };
  }

  private int fragment() {
    return switch (dice.below(60)) {
      case 0 -> dice.bits(16);
      case 1 -> dice.pick(0x2000, 0x2001, 0x1fff, 0x8000, 0x0001, 0x00b9);
      default -> dice.coin() ? 0x4000 : 0;
    };
  }
}
