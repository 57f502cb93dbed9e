package dev.katran.dataplane;

import java.util.OptionalInt;

/** Finds connection ids in QUIC packets (RFC 9000), and the server ids that are in these. */
final class QuicHeader {

  private static final int LONG_HEADER = 0x80;
  private static final int TYPE = 0x30;
  private static final int INITIAL = 0x00;
  private static final int ZERO_RTT = 0x10;

  private static final int ID_LENGTH_OFFSET = 5;
  private static final int ID_OFFSET_LONG = 6;
  private static final int ID_OFFSET_SHORT = 1;

  /** How much of a connection id must be there: all bytes that any version of them uses. */
  private static final int ID_LENGTH = 8;

  private QuicHeader() {}

  /**
   * Whether the packet at {@code quic} opens a connection: the client made its connection id up.
   */
  static boolean isInitial(Frame frame, int quic) {
    if (!isLong(frame, quic)) {
      return false;
    }
    int type = frame.unsignedByte(quic) & TYPE;
    return type == INITIAL || type == ZERO_RTT;
  }

  /** Where the connection id of the packet at {@code quic} is, if a long enough one is there. */
  static OptionalInt connectionId(Frame frame, int quic) {
    boolean isLong = isLong(frame, quic);
    int id = quic + (isLong ? ID_OFFSET_LONG : ID_OFFSET_SHORT);
    if (frame.length() < id + ID_LENGTH) {
      return OptionalInt.empty();
    }
    if (isLong && frame.unsignedByte(quic + ID_LENGTH_OFFSET) < ID_LENGTH) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(id);
  }

  private static boolean isLong(Frame frame, int quic) {
    return frame.length() > quic && (frame.unsignedByte(quic) & LONG_HEADER) != 0;
  }

  /** The version of the connection id at {@code id}: 0 to 3. */
  static int version(Frame frame, int id) {
    return frame.unsignedByte(id) >> 6;
  }

  /** The server id in the connection id at {@code id}, an unsigned number; 0: none. */
  static int serverId(Frame frame, int id) {
    return switch (version(frame, id)) {
      case 1 ->
          (frame.unsignedByte(id) & 0x3f) << 10
              | frame.unsignedByte(id + 1) << 2
              | frame.unsignedByte(id + 2) >> 6;
      case 2 -> frame.signedInt(id) & 0xff_ffff;
      case 3 -> frame.signedInt(id + 1);
      default -> 0;
    };
  }
}
