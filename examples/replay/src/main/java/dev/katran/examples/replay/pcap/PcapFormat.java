package dev.katran.examples.replay.pcap;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a capture's first 24 bytes say of all that follow.
 *
 * @param order of all numbers
 * @param nanoseconds whether timestamps count nanoseconds in their seconds; otherwise microseconds
 */
public record PcapFormat(ByteOrder order, boolean nanoseconds) {

  static final int LENGTH = 24;

  private static final int MICROSECONDS = 0xa1b2c3d4;
  private static final int NANOSECONDS = 0xa1b23c4d;
  private static final int ETHERNET = 1;

  /** What tcpdump and Wireshark take for the longest that a frame can be. */
  static final int MAX_SNAP_LENGTH = 262_144;

  /**
   * Reads it.
   *
   * @throws PcapException if this is no capture, or one of another kind; the message says of which
   */
  static PcapFormat parse(byte[] bytes) throws PcapException {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    ByteOrder order = ByteOrder.BIG_ENDIAN;
    int magic = header.getInt(0);
    if (!isMagic(magic)) {
      order = ByteOrder.LITTLE_ENDIAN;
      magic = Integer.reverseBytes(magic);
    }
    if (!isMagic(magic)) {
      throw new PcapException("this is no classic pcap, but " + FileKind.of(bytes));
    }
    header.order(order);
    int major = header.getShort(4) & 0xffff;
    int minor = header.getShort(6) & 0xffff;
    if (major != 2 || minor != 4) {
      throw new PcapException(
          "this is pcap version %d.%d; only 2.4 is understood".formatted(major, minor));
    }
    int linkType = header.getInt(20);
    if (linkType != ETHERNET) {
      throw new PcapException(
          "its frames are of link type %s; only Ethernet (1) is understood"
              .formatted(LinkTypes.describe(linkType)));
    }
    return new PcapFormat(order, magic == NANOSECONDS);
  }

  private static boolean isMagic(int magic) {
    return magic == MICROSECONDS || magic == NANOSECONDS;
  }

  /** The bytes, for frames of any length. */
  byte[] toBytes() {
    return ByteBuffer.allocate(LENGTH)
        .order(order)
        .putInt(nanoseconds ? NANOSECONDS : MICROSECONDS)
        .putShort((short) 2)
        .putShort((short) 4)
        .putInt(0) // the time zone, which nobody uses
        .putInt(0) // the accuracy, likewise
        .putInt(MAX_SNAP_LENGTH)
        .putInt(ETHERNET)
        .array();
  }
}
