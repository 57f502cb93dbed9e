package dev.katran.packets;

import java.nio.ByteBuffer;

/** Generates TCP segments with valid and malformed options. */
final class TcpGenerator {

  private static final int HEADER = 20;
  private static final int MOST_OPTIONS = 40;

  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int ACK = 16;

  private static final int END = 0;
  private static final int NOP = 1;
  private static final int SERVER_ID = 0xb7;
  private static final int SERVER_ID_LENGTH = 6;

  private final Dice dice;
  private final Aims aims;
  private final IpGenerator ip;

  TcpGenerator(Dice dice, Aims aims, IpGenerator ip) {
    this.dice = dice;
    this.aims = aims;
    this.ip = ip;
  }

  /**
   * Returns a segment between two ports.
   *
   * @param least the minimum length in bytes, including the header
   */
  byte[] segment(
      byte[] source, byte[] destination, int sourcePort, int destinationPort, int least) {
    byte[] options = options();
    int header = HEADER + options.length;
    int length = Math.max(least, header + payloadLength());
    ByteBuffer segment =
        ByteBuffer.allocate(length)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putInt(dice.word())
            .putInt(dice.word())
            .put((byte) (dataOffset(header) << 4 | (dice.oneIn(8) ? dice.bits(4) : 0)))
            .put((byte) flags())
            .putShort((short) 0x2000)
            .putInt(0)
            .put(options);
    byte[] bytes = segment.array();
    int checksum =
        IpGenerator.pseudoHeader(source, destination, IpGenerator.TCP, length)
            .add(bytes)
            .checksum();
    segment.putShort(16, (short) ip.checksum(checksum));
    return bytes;
  }

  private int payloadLength() {
    return dice.oneIn(3) ? dice.below(40) : 0;
  }

  private int flags() {
    return switch (dice.below(8)) {
      case 0, 1 -> SYN;
      case 2 -> dice.coin() ? RST : RST | ACK;
      case 3 -> dice.pick(SYN | RST, SYN | ACK, SYN | ACK, SYN | ACK, FIN | ACK, 0, dice.bits(8));
      default -> ACK;
    };
  }

  private int dataOffset(int header) {
    return dice.oneIn(16) ? dice.bits(4) : Math.ceilDiv(header, 4);
  }

  private byte[] options() {
    ByteBuffer options = ByteBuffer.allocate(MOST_OPTIONS);
    switch (dice.below(10)) {
      case 0, 1, 2 -> {
        // none
      }
      case 3, 4, 5 -> putServerId(options.put((byte) NOP).put((byte) NOP));
      case 6 -> {
        // about as many options as the program looks at: the id may come too late to be found
        int before = dice.between(10, MOST_OPTIONS - SERVER_ID_LENGTH);
        for (int i = 0; i < before; i++) {
          options.put((byte) NOP);
        }
        putServerId(options);
      }
      default -> putRandom(options);
    }
    // usually padded to a multiple of four, as the protocol requires
    int length = dice.oneIn(10) ? options.position() : 4 * Math.ceilDiv(options.position(), 4);
    byte[] bytes = new byte[length];
    options.get(0, bytes);
    return bytes;
  }

  private void putServerId(ByteBuffer options) {
    // little endian, the byte order in which the program loads ids
    options
        .put((byte) SERVER_ID)
        .put((byte) SERVER_ID_LENGTH)
        .putInt(Integer.reverseBytes(aims.serverId(dice)));
  }

  private void putRandom(ByteBuffer options) {
    for (int count = dice.between(1, 20); count > 0; count--) {
      byte[] option = option();
      if (option.length > options.remaining()) {
        return;
      }
      options.put(option);
    }
  }

  private byte[] option() {
    return switch (dice.below(16)) {
      case 0 -> new byte[] {END};
      case 1, 2, 3 -> new byte[] {NOP};
      case 4 -> new byte[] {2, 4, 5, (byte) 0xb4};
      case 5 -> new byte[] {3, 3, 7};
      case 6 -> new byte[] {4, 2};
      case 7 -> ofLength(8, 10);
      case 8 -> withArbitraryLength(SERVER_ID);
      case 9 -> withArbitraryLength(dice.between(2, 255));
      case 10 -> ofLength(dice.between(2, 255), dice.between(2, 12));
      case 11 -> ofLength(SERVER_ID, dice.between(2, 9));
      default -> {
        ByteBuffer option = ByteBuffer.allocate(SERVER_ID_LENGTH);
        putServerId(option);
        yield option.array();
      }
    };
  }

  private byte[] ofLength(int kind, int length) {
    byte[] option = dice.bytes(length);
    option[0] = (byte) kind;
    option[1] = (byte) length;
    return option;
  }

  private byte[] withArbitraryLength(int kind) {
    byte[] option = dice.bytes(dice.between(2, 8));
    option[0] = (byte) kind;
    option[1] = (byte) dice.pick(0, 0, 1, 1, 2, 5, 6, 7, dice.bits(6), 255);
    return option;
  }
}
