package dev.katran.internal.dataplane.memory;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;

import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Checksum;
import dev.katran.internal.packet.Frame;

/**
 * Writes the outer IP header; {@code outer.h} in Java.
 *
 * @param frame the frame, with room for the header
 * @param trafficClass the outer traffic class
 * @param dontFragment whether an IPv4 header gets the DF flag. It makes the datagram atomic, so
 *     that its identification may be 0 (RFC 2003, section 3.1; RFC 6864)
 * @param destination the backend's address
 */
record Outer(Frame frame, int trafficClass, boolean dontFragment, Address destination) {

  private static final int TTL = 64;
  private static final int DONT_FRAGMENT = 0x4000;

  /** Writes an IPv4 header with {@code length} bytes of payload. */
  void putIpv4(int length, int protocol, Address source) {
    frame.putByte(NETWORK, 0x45);
    frame.putByte(NETWORK + 1, trafficClass);
    frame.putShort(NETWORK + 2, IPV4_HEADER + length);
    frame.putInt(NETWORK + 4, dontFragment ? DONT_FRAGMENT : 0);
    frame.putByte(NETWORK + 8, TTL);
    frame.putByte(NETWORK + 9, protocol);
    frame.putShort(NETWORK + 10, 0);
    frame.putAddress(NETWORK + 12, source);
    frame.putAddress(NETWORK + 16, destination);
    frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
  }

  /** Writes an IPv6 header with {@code length} bytes of payload. */
  void putIpv6(int length, int protocol, Address source) {
    frame.putInt(NETWORK, 6 << 28 | trafficClass << 20);
    frame.putShort(NETWORK + 4, length);
    frame.putByte(NETWORK + 6, protocol);
    frame.putByte(NETWORK + 7, TTL);
    frame.putAddress(NETWORK + 8, source);
    frame.putAddress(NETWORK + 24, destination);
  }
}
