package dev.katran.packets;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Generates UDP datagrams, including QUIC packets and stable routing headers. */
final class UdpGenerator {

  private static final int HEADER = 8;
  private static final int STABLE_ROUTING = 0x52;
  private static final int CONNECTION_ID = 8;
  private static final int LONGEST_CONNECTION_ID = 20;
  private static final int LONG_HEADER = 0x80;
  private static final int NEGOTIATION = 0;
  private static final int QUIC_VERSION_1 = 1;

  /** RFC 9369, whose packet types have other numbers. */
  private static final int QUIC_VERSION_2 = 0x6b3343cf;

  private final Dice dice;
  private final Aims aims;
  private final IpGenerator ip;

  UdpGenerator(Dice dice, Aims aims, IpGenerator ip) {
    this.dice = dice;
    this.aims = aims;
    this.ip = ip;
  }

  /**
   * Returns a datagram between two ports.
   *
   * @param least the minimum length in bytes, including the header
   */
  byte[] datagram(
      byte[] source, byte[] destination, int sourcePort, int destinationPort, int least) {
    byte[] payload = payload();
    return wrap(
        source,
        destination,
        sourcePort,
        destinationPort,
        Arrays.copyOf(payload, Math.max(least - HEADER, payload.length)));
  }

  /** Returns a datagram with this payload. */
  byte[] wrap(
      byte[] source, byte[] destination, int sourcePort, int destinationPort, byte[] payload) {
    int length = HEADER + payload.length;
    ByteBuffer datagram =
        ByteBuffer.allocate(length)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putShort((short) statedLength(length))
            .putShort((short) 0)
            .put(payload);
    byte[] bytes = datagram.array();
    int checksum =
        IpGenerator.pseudoHeader(source, destination, IpGenerator.UDP, length)
            .add(bytes)
            .checksum();
    // 0 would mean that there is no checksum
    datagram.putShort(6, (short) ip.checksum(checksum == 0 ? 0xffff : checksum));
    return bytes;
  }

  private int statedLength(int correct) {
    return dice.oneIn(30)
        ? dice.pick(0, 1, 7, 8, correct - 1, correct + 1, 0xffff, dice.bits(16))
        : correct;
  }

  private byte[] payload() {
    byte[] payload =
        switch (dice.below(12)) {
          case 0 -> dice.bytes(dice.below(21));
          case 1, 2, 3 -> stableRouting();
          case 4, 5, 6, 7 -> quicShort();
          default -> quicLong();
        };
    return dice.oneIn(6) ? Arrays.copyOf(payload, dice.below(21)) : payload;
  }

  private byte[] stableRouting() {
    int type = dice.oneIn(12) ? dice.bits(8) : STABLE_ROUTING;
    return ByteBuffer.allocate(8 + dice.below(8))
        .putInt((type << 24) | (aims.serverId(dice) & 0xffffff))
        .putInt(dice.word())
        .array();
  }

  /** Returns a short header packet (RFC 9000, section 17.3). */
  private byte[] quicShort() {
    byte[] packet = dice.bytes(1 + CONNECTION_ID + dice.below(12));
    packet[0] &= (byte) ~LONG_HEADER;
    return ByteBuffer.wrap(packet).put(1, connectionId()).array();
  }

  /** Returns a long header packet (RFC 9000, section 17.2), usually of a known version. */
  private byte[] quicLong() {
    int idLength =
        dice.coin()
            ? CONNECTION_ID
            : dice.oneIn(10) ? dice.bits(8) : dice.below(LONGEST_CONNECTION_ID + 1);
    int present = Math.min(idLength, LONGEST_CONNECTION_ID);
    byte[] packet = dice.bytes(6 + present + dice.below(12));
    packet[0] |= (byte) LONG_HEADER;
    if (!dice.oneIn(4)) {
      ByteBuffer.wrap(packet).putInt(1, dice.pick(QUIC_VERSION_1, QUIC_VERSION_2, NEGOTIATION));
    }
    packet[5] = (byte) idLength;
    // a truncated id still starts like a complete one
    byte[] id = connectionId();
    return ByteBuffer.wrap(packet).put(6, id, 0, Math.min(present, id.length)).array();
  }

  private byte[] connectionId() {
    int id = aims.serverId(dice);
    int version = dice.bits(2);
    byte[] bytes = dice.bytes(CONNECTION_ID);
    switch (version) {
      case 1 -> {
        bytes[0] = (byte) (id >> 10 & 0x3f);
        bytes[1] = (byte) (id >> 2);
        bytes[2] = (byte) ((id << 6) | (bytes[2] & 0x3f));
      }
      case 2 -> {
        bytes[1] = (byte) (id >> 16);
        bytes[2] = (byte) (id >> 8);
        bytes[3] = (byte) id;
      }
      default -> ByteBuffer.wrap(bytes).putInt(1, id);
    }
    bytes[0] = (byte) ((version << 6) | (bytes[0] & 0x3f));
    return bytes;
  }
}
