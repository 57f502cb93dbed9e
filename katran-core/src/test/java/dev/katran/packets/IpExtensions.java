package dev.katran.packets;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Adds IPv4 options, IPv6 extension headers and fragment headers to IP packets. */
public final class IpExtensions {

  public static final int HOP_BY_HOP = 0;
  public static final int ROUTING = 43;
  public static final int FRAGMENT = 44;
  public static final int AUTHENTICATION = 51;
  public static final int DESTINATION_OPTIONS = 60;

  private static final int IPV4_HEADER = 20;
  private static final int IPV6_HEADER = 40;

  private IpExtensions() {}

  /**
   * Returns an IPv4 packet with options: Record Route, as of {@code ping -R}, and no operation.
   *
   * @param words the length of the options in units of 4 bytes, 1 to 10
   */
  public static byte[] withOptions(byte[] ip, int words) {
    byte[] options = new byte[4 * words];
    Arrays.fill(options, (byte) 1);
    if (words > 1) {
      options[0] = 7;
      options[1] = (byte) (3 + 4 * (words - 1));
      options[2] = 4;
    }
    ByteBuffer packet = ByteBuffer.allocate(ip.length + options.length);
    packet.put(ip, 0, IPV4_HEADER).put(options).put(ip, IPV4_HEADER, ip.length - IPV4_HEADER);
    packet.put(0, (byte) (0x45 + words)).putShort(2, (short) packet.capacity());
    return withChecksum(packet.array());
  }

  /** Returns an IPv6 packet with one more extension header, the first, without options in it. */
  public static byte[] withHeader(byte[] ip, int kind, int length) {
    byte[] header = new byte[length];
    header[0] = ip[6];
    header[1] = (byte) (length / 8 - 1);
    if (kind == HOP_BY_HOP || kind == DESTINATION_OPTIONS) {
      header[2] = 1; // PadN
      header[3] = (byte) Math.min(255, length - 4);
    }
    return inserted(ip, kind, header);
  }

  private static byte[] inserted(byte[] ip, int kind, byte[] header) {
    ByteBuffer packet = ByteBuffer.allocate(ip.length + header.length);
    packet.put(ip, 0, IPV6_HEADER).put(header).put(ip, IPV6_HEADER, ip.length - IPV6_HEADER);
    packet.put(6, (byte) kind).putShort(4, (short) (packet.capacity() - IPV6_HEADER));
    return packet.array();
  }

  /**
   * Returns a fragment of a packet, of either family, whose IP header has no options or extension
   * headers.
   *
   * @param from the first byte of the payload, a multiple of 8
   * @param length the bytes of the payload; more fragments follow unless they are the last
   */
  public static byte[] fragment(byte[] ip, int identification, int from, int length) {
    boolean isIpv6 = ip[0] >> 4 == 6;
    int header = isIpv6 ? IPV6_HEADER : IPV4_HEADER;
    boolean hasMore = header + from + length < ip.length;
    ByteBuffer packet = ByteBuffer.allocate(header + length);
    packet.put(ip, 0, header).put(ip, header + from, length);
    if (isIpv6) {
      ByteBuffer fragment = ByteBuffer.allocate(8);
      fragment.put(ip[6]).put((byte) 0).putShort((short) (from | (hasMore ? 1 : 0)));
      return inserted(packet.array(), FRAGMENT, fragment.putInt(identification).array());
    }
    packet.putShort(2, (short) packet.capacity()).putShort(4, (short) identification);
    packet.putShort(6, (short) (from / 8 | (hasMore ? 0x2000 : 0)));
    return withChecksum(packet.array());
  }

  private static byte[] withChecksum(byte[] ip) {
    ByteBuffer packet = ByteBuffer.wrap(ip);
    packet.putShort(10, (short) 0);
    packet.putShort(10, (short) InternetChecksum.of(packet.slice(0, 4 * (ip[0] & 0xf))));
    return ip;
  }

  /** Returns the frame of an IP packet of either family. */
  public static byte[] frame(byte[] ip) {
    return Packet.frame(ip[0] >> 4 == 6 ? 0x86dd : 0x0800, ip);
  }
}
