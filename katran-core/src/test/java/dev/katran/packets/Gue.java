package dev.katran.packets;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A GUE packet, parsed as a backend would.
 *
 * @param hasChecksum whether the UDP header has a checksum
 * @param checksumVerifies whether the checksum is present and valid
 * @param inner the inner packet in hex
 */
public record Gue(
    int sourcePort,
    int destinationPort,
    boolean hasChecksum,
    boolean checksumVerifies,
    String inner) {

  private static final int UDP = 17;
  private static final int HEADER = 8;

  /**
   * Parses the payload of an outer IP header.
   *
   * @throws AssertionError if it is not a UDP datagram of the right length
   */
  public static Gue read(Encapsulated outer) {
    if (outer.protocol() != UDP) {
      throw new AssertionError("outer protocol is %d, not UDP".formatted(outer.protocol()));
    }
    byte[] bytes = Hex.decode(outer.inner());
    ByteBuffer udp = ByteBuffer.wrap(bytes);
    int length = udp.getShort(4) & 0xffff;
    if (length != bytes.length) {
      throw new AssertionError(
          "UDP length is %d bytes, but the payload has %d".formatted(length, bytes.length));
    }
    byte[] source = outer.source().getAddress();
    ByteBuffer pseudoHeader =
        ByteBuffer.allocate(2 * source.length + 8)
            .put(source)
            .put(outer.destination().getAddress())
            .putInt(length)
            .putInt(UDP);
    return new Gue(
        udp.getShort(0) & 0xffff,
        udp.getShort(2) & 0xffff,
        udp.getShort(6) != 0,
        udp.getShort(6) != 0 && InternetChecksum.verifies(pseudoHeader, udp),
        Hex.of(Arrays.copyOfRange(bytes, HEADER, bytes.length)));
  }
}
