package dev.katran.examples.replay.pcap;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The format of a capture, from its file header of 24 bytes.
 *
 * @param order the byte order of all numbers
 * @param nanoseconds whether timestamps have nanoseconds instead of microseconds
 */
public record PcapFormat(ByteOrder order, boolean nanoseconds) {

  static final int LENGTH = 24;

  private static final int MICROSECONDS = 0xa1b2c3d4;
  private static final int NANOSECONDS = 0xa1b23c4d;
  private static final int ETHERNET = 1;

  /** The longest frame that tcpdump and Wireshark accept. */
  static final int MAX_SNAP_LENGTH = 262_144;

  /**
   * Parses a file header.
   *
   * @throws PcapException if it is not that of a supported capture; the message gives the reason
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
      throw new PcapException("not a classic pcap file but " + FileKind.of(bytes));
    }
    header.order(order);
    int major = header.getShort(4) & 0xffff;
    int minor = header.getShort(6) & 0xffff;
    if (major != 2 || minor != 4) {
      throw new PcapException(
          "pcap version %d.%d is not supported, only 2.4".formatted(major, minor));
    }
    int linkType = header.getInt(20);
    if (linkType != ETHERNET) {
      throw new PcapException(
          "link type %s is not supported, only Ethernet (1)"
              .formatted(LinkTypes.describe(linkType)));
    }
    return new PcapFormat(order, magic == NANOSECONDS);
  }

  private static boolean isMagic(int magic) {
    return magic == MICROSECONDS || magic == NANOSECONDS;
  }

  /** Returns the file header, for frames of any length. */
  byte[] toBytes() {
    return ByteBuffer.allocate(LENGTH)
        .order(order)
        .putInt(nanoseconds ? NANOSECONDS : MICROSECONDS)
        .putShort((short) 2)
        .putShort((short) 4)
        .putInt(0) // time zone, always 0
        .putInt(0) // timestamp accuracy, always 0
        .putInt(MAX_SNAP_LENGTH)
        .putInt(ETHERNET)
        .array();
  }
}
