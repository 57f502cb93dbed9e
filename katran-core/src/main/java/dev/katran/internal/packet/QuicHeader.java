package dev.katran.internal.packet;

import java.util.OptionalInt;

/**
 * Reads server ids from the connection ids of QUIC packets (RFC 8999, RFC 9000); {@code quic.h} in
 * Java.
 */
public final class QuicHeader {

  private static final int LONG_HEADER = 0x80;
  private static final int TYPE = 0x30;
  private static final int INITIAL = 0x00;
  private static final int ZERO_RTT = 0x10;

  private static final int ID_LENGTH_OFFSET = 5;
  private static final int ID_OFFSET_LONG = 6;
  private static final int ID_OFFSET_SHORT = 1;

  /** The minimum length of a connection id with a server id. */
  private static final int ID_LENGTH = 8;

  private QuicHeader() {}

  /**
   * Returns whether the packet at {@code quic} is an Initial or a 0-RTT packet. Its connection id
   * was chosen by the client.
   */
  public static boolean isInitial(Frame frame, int quic) {
    if (!isLong(frame, quic)) {
      return false;
    }
    int type = frame.unsignedByte(quic) & TYPE;
    return type == INITIAL || type == ZERO_RTT;
  }

  /** Returns the offset of the connection id of the packet at {@code quic} if it is long enough. */
  public static OptionalInt connectionId(Frame frame, int quic) {
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

  /** Returns the version of the connection id at {@code id}, 0 to 3. */
  public static int version(Frame frame, int id) {
    return frame.unsignedByte(id) >> 6;
  }

  /** Returns the server id in the connection id at {@code id}, unsigned, or 0 if it has none. */
  public static int serverId(Frame frame, int id) {
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
