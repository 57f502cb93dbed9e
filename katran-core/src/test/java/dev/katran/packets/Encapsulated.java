package dev.katran.packets;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An encapsulated frame, parsed as a backend would: Ethernet, outer IP header and inner packet.
 *
 * @param destinationMac destination MAC in hex
 * @param sourceMac source MAC in hex
 * @param isIpv6 whether the outer header is IPv6
 * @param trafficClass traffic class or TOS
 * @param rest identification, flags and fragment offset of IPv4; flow label of IPv6
 * @param protocol protocol or next header
 * @param ttl TTL or hop limit
 * @param checksumVerifies whether the IPv4 header checksum is valid; always true for IPv6
 * @param inner the outer payload in hex
 */
public record Encapsulated(
    String destinationMac,
    String sourceMac,
    boolean isIpv6,
    int trafficClass,
    int rest,
    int protocol,
    int ttl,
    boolean checksumVerifies,
    InetAddress source,
    InetAddress destination,
    String inner) {

  /**
   * Parses a frame.
   *
   * @throws AssertionError if the outer header is malformed or its length is not that of the frame
   */
  public static Encapsulated read(byte[] frame) {
    ByteBuffer all = ByteBuffer.wrap(frame);
    int etherType = all.getShort(12) & 0xffff;
    ByteBuffer ip = all.slice(14, frame.length - 14);
    return switch (etherType) {
      case 0x0800 -> readIpv4(frame, ip);
      case 0x86dd -> readIpv6(frame, ip);
      default -> throw new AssertionError("unexpected EtherType %04x".formatted(etherType));
    };
  }

  private static Encapsulated readIpv4(byte[] frame, ByteBuffer ip) {
    if (ip.get(0) != 0x45) {
      throw new AssertionError("outer header starts with %02x".formatted(ip.get(0)));
    }
    return new Encapsulated(
        Hex.of(Arrays.copyOf(frame, 6)),
        Hex.of(Arrays.copyOfRange(frame, 6, 12)),
        false,
        ip.get(1) & 0xff,
        ip.getInt(4),
        ip.get(9) & 0xff,
        ip.get(8) & 0xff,
        InternetChecksum.verifies(ip.slice(0, 20)),
        address(ip.slice(12, 4)),
        address(ip.slice(16, 4)),
        inner(ip, 20, ip.getShort(2) & 0xffff));
  }

  private static Encapsulated readIpv6(byte[] frame, ByteBuffer ip) {
    int word = ip.getInt(0);
    if (word >>> 28 != 6) {
      throw new AssertionError("outer header starts with %08x".formatted(word));
    }
    return new Encapsulated(
        Hex.of(Arrays.copyOf(frame, 6)),
        Hex.of(Arrays.copyOfRange(frame, 6, 12)),
        true,
        word >>> 20 & 0xff,
        word & 0xfffff,
        ip.get(6) & 0xff,
        ip.get(7) & 0xff,
        true,
        address(ip.slice(8, 16)),
        address(ip.slice(24, 16)),
        inner(ip, 40, 40 + (ip.getShort(4) & 0xffff)));
  }

  private static String inner(ByteBuffer ip, int from, int to) {
    if (to != ip.limit()) {
      throw new AssertionError(
          "outer length is %d bytes, but the frame has %d".formatted(to, ip.limit()));
    }
    byte[] bytes = new byte[to - from];
    ip.get(from, bytes);
    return Hex.of(bytes);
  }

  private static InetAddress address(ByteBuffer slice) {
    byte[] bytes = new byte[slice.limit()];
    slice.get(bytes);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
