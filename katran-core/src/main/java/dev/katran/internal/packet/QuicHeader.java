package dev.katran.internal.packet;

import java.util.OptionalInt;

/**
 * Reads server ids from the connection ids of QUIC packets (RFC 8999, RFC 9000, RFC 9369); {@code
 * quic.h} in Java.
 */
public final class QuicHeader {

  private static final int LONG_HEADER = 0x80;
  private static final int TYPE = 0x30;

  // the types of long headers that a client sends with a connection id of its own choice
  private static final int INITIAL = 0x00;
  private static final int ZERO_RTT = 0x10;
  private static final int V2_INITIAL = 0x10;
  private static final int V2_ZERO_RTT = 0x20;

  /** That of version negotiation, which only servers send (RFC 8999); taken for version 1. */
  private static final int NO_VERSION = 0;

  private static final int VERSION_1 = 0x0000_0001;
  private static final int VERSION_2 = 0x6b33_43cf;

  /** The upper 24 bits of the drafts of version 1. */
  private static final int DRAFTS = 0xff_0000;

  /** The upper 24 bits of mvfst's versions. */
  private static final int MVFST = 0xfa_ceb0;

  private static final int VERSION_OFFSET = 1;
  private static final int ID_LENGTH_OFFSET = 5;
  private static final int ID_OFFSET_LONG = 6;
  private static final int ID_OFFSET_SHORT = 1;

  /** The minimum length of a connection id with a server id. */
  private static final int ID_LENGTH = 8;

  /** The maximum length of a connection id of versions 1 and 2. */
  private static final int MAX_ID_LENGTH = 20;

  private final Frame frame;
  private final int quic;
  private final int end;

  /**
   * Creates a view of a UDP payload that may be a QUIC packet.
   *
   * @param quic the offset of the payload
   * @param end the offset behind it
   */
  public QuicHeader(Frame frame, int quic, int end) {
    this.frame = frame;
    this.quic = quic;
    this.end = end;
  }

  /**
   * Returns whether the packet is an Initial or a 0-RTT packet. The client chose its connection id.
   * Only versions 1 and 2, the drafts and mvfst have known types: of another version, no more can
   * be read than its connection ids (RFC 8999).
   */
  public boolean isInitial() {
    if (!isLong() || !has(ID_OFFSET_LONG)) {
      return false;
    }
    int version = frame.signedInt(quic + VERSION_OFFSET);
    int type = frame.unsignedByte(quic) & TYPE;
    if (version == VERSION_2) {
      return type == V2_INITIAL || type == V2_ZERO_RTT;
    }
    int kind = version >>> 8;
    return (version == NO_VERSION || version == VERSION_1 || kind == DRAFTS || kind == MVFST)
        && (type == INITIAL || type == ZERO_RTT);
  }

  /** Returns the offset of the destination connection id if it is long enough for a server id. */
  public OptionalInt destinationId() {
    int offset = isLong() ? ID_OFFSET_LONG : ID_OFFSET_SHORT;
    if (!has(offset + ID_LENGTH)) {
      return OptionalInt.empty();
    }
    return isLong() && frame.unsignedByte(quic + ID_LENGTH_OFFSET) < ID_LENGTH
        ? OptionalInt.empty()
        : OptionalInt.of(quic + offset);
  }

  /**
   * Returns the offset of the source connection id of a long header if it is long enough for a
   * server id. It follows the destination connection id.
   */
  public OptionalInt sourceId() {
    if (!has(ID_OFFSET_LONG) || !isLong()) {
      return OptionalInt.empty();
    }
    int destinationLength = frame.unsignedByte(quic + ID_LENGTH_OFFSET);
    int length = ID_OFFSET_LONG + destinationLength;
    return destinationLength > MAX_ID_LENGTH
            || !has(length + 1 + ID_LENGTH)
            || frame.unsignedByte(quic + length) < ID_LENGTH
        ? OptionalInt.empty()
        : OptionalInt.of(quic + length + 1);
  }

  private boolean isLong() {
    return has(1) && (frame.unsignedByte(quic) & LONG_HEADER) != 0;
  }

  /** Returns whether the first {@code length} bytes are there. */
  private boolean has(int length) {
    return quic + length <= end;
  }

  /** Returns the version of the connection id at {@code id}, 0 to 3. */
  public static int idVersion(Frame frame, int id) {
    return frame.unsignedByte(id) >> 6;
  }

  /** Returns the server id in the connection id at {@code id}, unsigned, or 0 if it has none. */
  public static int serverId(Frame frame, int id) {
    return switch (idVersion(frame, id)) {
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
