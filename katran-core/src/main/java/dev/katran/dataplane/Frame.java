package dev.katran.dataplane;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A frame on its way through the dataplane: a buffer in network byte order with room in front for
 * one more header. Offsets count from where the frame starts now.
 */
final class Frame {

  static final int ETHERNET_HEADER = 14;
  static final int IPV4_HEADER = 20;
  static final int IPV6_HEADER = 40;
  static final int UDP_HEADER = 8;

  static final int ETHERTYPE_IPV4 = 0x0800;
  static final int ETHERTYPE_IPV6 = 0x86dd;

  /** Where the IP header is. */
  static final int NETWORK = ETHERNET_HEADER;

  private static final int MAC = 6;
  private static final int ETHERTYPE = 2 * MAC;
  private static final int HEADROOM = IPV6_HEADER + UDP_HEADER;

  private final ByteBuffer buffer;
  private int start = HEADROOM;
  private int end;

  Frame(byte[] bytes) {
    buffer = ByteBuffer.allocate(HEADROOM + bytes.length);
    buffer.put(HEADROOM, bytes);
    end = buffer.capacity();
  }

  int length() {
    return end - start;
  }

  int etherType() {
    return unsignedShort(ETHERTYPE);
  }

  int unsignedByte(int offset) {
    return buffer.get(start + offset) & 0xff;
  }

  int unsignedShort(int offset) {
    return buffer.getShort(start + offset) & 0xffff;
  }

  int signedInt(int offset) {
    return buffer.getInt(start + offset);
  }

  Address ipv4Address(int offset) {
    return Address.ipv4(buffer.getInt(start + offset));
  }

  Address ipv6Address(int offset) {
    return Address.ipv6(buffer.getLong(start + offset), buffer.getLong(start + offset + 8));
  }

  void putByte(int offset, int value) {
    buffer.put(start + offset, (byte) value);
  }

  void putShort(int offset, int value) {
    buffer.putShort(start + offset, (short) value);
  }

  void putInt(int offset, int value) {
    buffer.putInt(start + offset, value);
  }

  void putAddress(int offset, Address address) {
    if (address.isIpv6()) {
      buffer.putLong(start + offset, address.high());
      buffer.putLong(start + offset + 8, address.low());
    } else {
      buffer.putInt(start + offset, address.lastFourBytes());
    }
  }

  void putUdpHeader(int offset, int sourcePort, int destinationPort, int length, int checksum) {
    putShort(offset, sourcePort);
    putShort(offset + 2, destinationPort);
    putShort(offset + 4, length);
    putShort(offset + 6, checksum);
  }

  void swapMacs() {
    byte[] destination = bytes(0, MAC);
    buffer.put(start, bytes(MAC, MAC));
    buffer.put(start + MAC, destination);
  }

  /**
   * Makes room for a header between Ethernet and IP, and writes the Ethernet header in front of it.
   * Its source is the address the frame came for, which is ours, unless it leaves elsewhere.
   */
  void pushHeader(int size, int etherType, Hop hop) {
    byte[] source = hop.egress() == null ? bytes(0, MAC) : hop.egress().mac().toBytes();
    start -= size;
    buffer.put(start, hop.mac().toBytes());
    buffer.put(start + MAC, source);
    putShort(ETHERTYPE, etherType);
  }

  /** Takes away so many bytes between the Ethernet header and what is a packet of this type. */
  void popHeaders(int size, int etherType) {
    byte[] macs = bytes(0, ETHERTYPE);
    start += size;
    buffer.put(start, macs);
    putShort(ETHERTYPE, etherType);
  }

  /**
   * Keeps so many bytes of the packet, makes room for a header between Ethernet and IP, and turns
   * the Ethernet header in front of it round. The EtherType stays.
   */
  void turnIntoQuote(int quoted, int headers) {
    byte[] ethernet = bytes(0, ETHERNET_HEADER);
    end = start + ETHERNET_HEADER + quoted;
    start -= headers;
    buffer.put(start, ethernet);
    swapMacs();
  }

  byte[] toByteArray() {
    return bytes(0, length());
  }

  private byte[] bytes(int offset, int length) {
    return Arrays.copyOfRange(buffer.array(), start + offset, start + offset + length);
  }
}
