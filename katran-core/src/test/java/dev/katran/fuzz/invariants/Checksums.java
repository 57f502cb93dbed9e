package dev.katran.fuzz.invariants;

import java.nio.ByteBuffer;
import org.pcap4j.util.ByteArrays;

/** Checks the transport checksums of packets by pcap4j's sum. */
final class Checksums {

  private static final int UDP_LENGTH = 4;
  private static final int UDP_CHECKSUM = 6;

  private Checksums() {}

  /** Returns whether the transport checksum of a well-formed packet is present and right. */
  static boolean isRight(IpPacket packet) {
    byte[] payload = packet.payload();
    if (packet.isFragment() || payload.length < leastLength(packet)) {
      return false;
    }
    if (packet.protocol() == IpPacket.UDP
        && (word(payload, UDP_CHECKSUM) == 0 || word(payload, UDP_LENGTH) != payload.length)) {
      return false;
    }
    return ByteArrays.calcChecksum(covered(packet, payload)) == 0;
  }

  /**
   * Returns whether a packet is UDP without a checksum that covers all of it: it has none, or its
   * own length is less than the packet's.
   */
  static boolean isAbsent(IpPacket packet) {
    return packet.protocol() == IpPacket.UDP
        && packet.payloadLength() >= leastLength(packet)
        && (word(packet.payload(), UDP_CHECKSUM) == 0
            || word(packet.payload(), UDP_LENGTH) != packet.payloadLength());
  }

  private static int leastLength(IpPacket packet) {
    return packet.protocol() == IpPacket.TCP ? 20 : 8;
  }

  private static byte[] covered(IpPacket packet, byte[] payload) {
    if (packet.protocol() == IpPacket.ICMP) {
      return payload;
    }
    byte[] source = packet.source().getAddress();
    return ByteBuffer.allocate(2 * source.length + 8 + payload.length)
        .put(source)
        .put(packet.destination().getAddress())
        .putInt(payload.length)
        .putInt(packet.protocol())
        .put(payload)
        .array();
  }

  private static int word(byte[] bytes, int offset) {
    return ByteArrays.getShort(bytes, offset) & 0xffff;
  }
}
