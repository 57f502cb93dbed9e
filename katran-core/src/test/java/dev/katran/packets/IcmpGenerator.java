package dev.katran.packets;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Generates ICMP and ICMPv6 messages: echo requests, errors that quote a packet, and others. */
final class IcmpGenerator {

  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int HEADER = 8;

  private final Dice dice;
  private final IpGenerator ip;

  IcmpGenerator(Dice dice, IpGenerator ip) {
    this.dice = dice;
    this.ip = ip;
  }

  /** Returns the protocol number, rarely that of the other family. */
  int protocol(boolean isIpv6) {
    return isIpv6 ^ dice.oneIn(60) ? ICMPV6 : ICMP;
  }

  /** Returns an echo request. */
  byte[] echoRequest(byte[] source, byte[] destination, int least) {
    int type = isIpv6(source) ? 128 : 8;
    return message(source, destination, type, 0, dice.word(), dice.bytes(dice.below(20)), least);
  }

  /** Returns a message of a random type. */
  byte[] any(byte[] source, byte[] destination, int least) {
    int type = dice.coin() ? dice.below(20) : dice.between(120, 145);
    byte[] payload = dice.bytes(dice.below(64));
    return message(source, destination, type, dice.below(16), dice.word(), payload, least);
  }

  /** Returns an error that quotes all or part of a packet. */
  byte[] error(byte[] source, byte[] destination, byte[] packet, int least) {
    boolean isIpv6 = isIpv6(source);
    int type = isIpv6 ? dice.pick(1, 2, 2, 2, 3, 4) : dice.pick(3, 3, 3, 3, 3, 4, 5, 11, 11, 12);
    int code = dice.coin() ? dice.below(16) : isIpv6 ? 0 : 4;
    return message(source, destination, type, code, mtu(), cut(packet, isIpv6), least);
  }

  private int mtu() {
    int mtu = dice.pick(0, 68, 1279, 1280, 1281, 1500, 0xffff, dice.bits(16), dice.word());
    // in ICMPv4 the upper half is not part of the MTU
    return dice.oneIn(4) ? mtu | dice.bits(16) << 16 : mtu;
  }

  private byte[] cut(byte[] packet, boolean isIpv6) {
    int least = IpGenerator.headerLength(isIpv6) + 8;
    int length =
        switch (dice.below(8)) {
          case 0 -> dice.below(packet.length + 1);
          case 1, 2, 3 -> least;
          case 4 -> least - 1;
          default -> packet.length;
        };
    return Arrays.copyOf(packet, Math.min(length, packet.length));
  }

  private byte[] message(
      byte[] source, byte[] destination, int type, int code, int rest, byte[] payload, int least) {
    int length = Math.max(least, HEADER + payload.length);
    ByteBuffer message =
        ByteBuffer.allocate(length)
            .put((byte) type)
            .put((byte) code)
            .putShort((short) 0)
            .putInt(rest)
            .put(payload);
    byte[] bytes = message.array();
    ChecksumAccumulator sum =
        isIpv6(source)
            ? IpGenerator.pseudoHeader(source, destination, ICMPV6, length)
            : new ChecksumAccumulator();
    message.putShort(2, (short) ip.checksum(sum.add(bytes).checksum()));
    return bytes;
  }

  private static boolean isIpv6(byte[] address) {
    return address.length != 4;
  }
}
