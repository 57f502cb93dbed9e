package dev.katran.internal.packet;

import dev.katran.internal.net.MacAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A mutable Ethernet frame: a buffer in network byte order with headroom for one encapsulation.
 * Offsets are relative to the current start of the frame. C counterpart: the helpers of {@code
 * packet.h}.
 */
public final class Frame {

  /** The length of an Ethernet header. */
  static final int ETHERNET_HEADER = 14;

  /** The length of an IPv4 header without options. */
  public static final int IPV4_HEADER = 20;

  /** The length of an IPv6 header without extension headers. */
  public static final int IPV6_HEADER = 40;

  /** The length of a UDP header. */
  public static final int UDP_HEADER = 8;

  /** The length of an ICMP or ICMPv6 header. */
  static final int ICMP_HEADER = 8;

  /** The minimum MTU of IPv6 (RFC 8200). */
  static final int IPV6_MIN_MTU = 1280;

  /** The EtherType of IPv4. */
  public static final int ETHERTYPE_IPV4 = 0x0800;

  /** The EtherType of IPv6. */
  public static final int ETHERTYPE_IPV6 = 0x86dd;

  /** The offset of the IP header. */
  public static final int NETWORK = ETHERNET_HEADER;

  private static final int MAC = 6;
  private static final int ETHERTYPE = 2 * MAC;
  private static final int HEADROOM = IPV6_HEADER + UDP_HEADER;

  private final ByteBuffer buffer;
  private int start = HEADROOM;
  private int end;

  /** Creates a frame with a copy of these bytes. */
  public Frame(byte[] bytes) {
    buffer = ByteBuffer.allocate(HEADROOM + bytes.length);
    buffer.put(HEADROOM, bytes);
    end = buffer.capacity();
  }

  /** Returns the length of the frame, with its Ethernet header. */
  public int length() {
    return end - start;
  }

  /**
   * Returns whether the frame is addressed to a single host and, if its MAC address is given, to
   * that one.
   */
  public boolean isFor(@Nullable MacAddress own) {
    boolean isGroup = (unsignedByte(0) & 1) != 0;
    return !isGroup && (own == null || Arrays.equals(bytes(0, MAC), own.toBytes()));
  }

  /** Returns the destination of the frame's IP packet, which has a complete header. */
  public Address destination() {
    return etherType() == ETHERTYPE_IPV6 ? ipv6Address(NETWORK + 24) : ipv4Address(NETWORK + 16);
  }

  int etherType() {
    return unsignedShort(ETHERTYPE);
  }

  /** Returns the byte at an offset, 0 to 255. */
  public int unsignedByte(int offset) {
    return buffer.get(start + offset) & 0xff;
  }

  /** Returns the 16-bit word at an offset, 0 to 65535. */
  public int unsignedShort(int offset) {
    return buffer.getShort(start + offset) & 0xffff;
  }

  /** Returns the 32-bit word at an offset. */
  public int signedInt(int offset) {
    return buffer.getInt(start + offset);
  }

  Address ipv4Address(int offset) {
    return Address.ipv4(buffer.getInt(start + offset));
  }

  Address ipv6Address(int offset) {
    return Address.ipv6(buffer.getLong(start + offset), buffer.getLong(start + offset + 8));
  }

  /** Writes the low 8 bits of a value. */
  public void putByte(int offset, int value) {
    buffer.put(start + offset, (byte) value);
  }

  /** Writes the low 16 bits of a value. */
  public void putShort(int offset, int value) {
    buffer.putShort(start + offset, (short) value);
  }

  /** Writes a 32-bit word. */
  public void putInt(int offset, int value) {
    buffer.putInt(start + offset, value);
  }

  /** Writes the 4 or 16 bytes of an address. */
  public void putAddress(int offset, Address address) {
    if (address.isIpv6()) {
      buffer.putLong(start + offset, address.high());
      buffer.putLong(start + offset + 8, address.low());
    } else {
      buffer.putInt(start + offset, address.lastFourBytes());
    }
  }

  /** Writes a UDP header. {@code length} includes the header. */
  public void putUdpHeader(
      int offset, int sourcePort, int destinationPort, int length, int checksum) {
    putShort(offset, sourcePort);
    putShort(offset + 2, destinationPort);
    putShort(offset + 4, length);
    putShort(offset + 6, checksum);
  }

  /** Swaps the source and the destination MAC address. */
  public void swapMacs() {
    byte[] destination = bytes(0, MAC);
    buffer.put(start, bytes(MAC, MAC));
    buffer.put(start + MAC, destination);
  }

  /**
   * Makes room for a header between the Ethernet and the IP header, and writes the new Ethernet
   * header. Its source is the egress interface's MAC address, or the frame's old destination, which
   * is ours, if the frame leaves by the interface that it arrived by.
   */
  public void pushHeader(int size, int etherType, Hop hop) {
    byte[] source = hop.egress() == null ? bytes(0, MAC) : hop.egress().mac().toBytes();
    start -= size;
    buffer.put(start, hop.mac().toBytes());
    buffer.put(start + MAC, source);
    putShort(ETHERTYPE, etherType);
  }

  /** Addresses the frame to a next hop, with the source that {@link #pushHeader} would write. */
  public void address(Hop hop) {
    pushHeader(0, etherType(), hop);
  }

  /** Removes {@code size} bytes after the Ethernet header and sets the EtherType. */
  public void popHeaders(int size, int etherType) {
    byte[] macs = bytes(0, ETHERTYPE);
    start += size;
    buffer.put(start, macs);
    putShort(ETHERTYPE, etherType);
  }

  /**
   * Truncates the packet to its first {@code quoted} bytes and makes room for {@code headers} bytes
   * in front of it. Addresses the Ethernet header to the frame's sender. Keeps the EtherType.
   */
  void turnIntoQuote(int quoted, int headers) {
    byte[] ethernet = bytes(0, ETHERNET_HEADER);
    end = start + ETHERNET_HEADER + quoted;
    start -= headers;
    buffer.put(start, ethernet);
    swapMacs();
  }

  /** Returns a copy of the frame's bytes. */
  public byte[] toByteArray() {
    return bytes(0, length());
  }

  private byte[] bytes(int offset, int length) {
    return Arrays.copyOfRange(buffer.array(), start + offset, start + offset + length);
  }
}
