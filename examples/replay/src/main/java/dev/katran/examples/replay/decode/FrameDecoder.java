package dev.katran.examples.replay.decode;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Decodes Ethernet frames, through IP in IP and GUE down to the inner packet. Unknown and truncated
 * parts are shown as bytes, so that no byte of a frame is omitted.
 */
public final class FrameDecoder {

  private static final int ETHERNET = 14;
  private static final int IPV4 = 20;
  private static final int IPV6 = 40;
  private static final int ETHERTYPE_IPV4 = 0x0800;
  private static final int ETHERTYPE_IPV6 = 0x86dd;
  private static final int FRAGMENT = 0x3fff; // more fragments, or an offset

  private final Decoding decoding;
  private final TransportDecoder transport;

  private FrameDecoder(byte[] frame, int guePort) {
    this.decoding = new Decoding(frame);
    this.transport = new TransportDecoder(decoding, guePort, this::ip);
  }

  /**
   * Returns the headers of a frame, outermost first, and the data after them.
   *
   * @param guePort the UDP port whose datagrams contain IP packets
   */
  public static List<Header> decode(byte[] frame, int guePort) {
    FrameDecoder decoder = new FrameDecoder(frame, guePort);
    decoder.ethernet();
    return decoder.decoding.headers();
  }

  private void ethernet() {
    if (!decoding.has("Ethernet", ETHERNET)) {
      return;
    }
    decoding.begin("Ethernet");
    decoding.addMac("destination");
    decoding.addMac("source");
    int etherType = decoding.uint16();
    decoding.addHex("type", etherType, 4);
    switch (etherType) {
      case ETHERTYPE_IPV4 -> ipv4();
      case ETHERTYPE_IPV6 -> ipv6();
      default -> decoding.data("Payload");
    }
  }

  /** Decodes an IP packet of either version. */
  private void ip() {
    if (decoding.remaining() > 0 && decoding.peek() >> 4 == 6) {
      ipv6();
    } else {
      ipv4();
    }
  }

  private void ipv4() {
    ByteBuffer packet = decoding.rest();
    if (!decoding.has("IPv4", IPV4)) {
      return;
    }
    decoding.begin("IPv4");
    int first = decoding.octet();
    int headerLength = (first & 0xf) * 4;
    decoding.add("version", first >> 4);
    decoding.add("header length", headerLength);
    decoding.addHex("TOS", decoding.octet(), 2);
    int totalLength = decoding.uint16();
    decoding.add("total length", totalLength);
    decoding.addHex("identification", decoding.uint16(), 4);
    int fragment = decoding.uint16();
    decoding.add("fragment", fragment(fragment));
    decoding.add("TTL", decoding.octet());
    int protocol = decoding.octet();
    decoding.add("protocol", protocol, protocolName(protocol));
    int options = Math.max(0, headerLength - IPV4);
    boolean isWhole = options <= packet.limit() - IPV4;
    int checksum = decoding.uint16();
    decoding.add(
        "checksum",
        isWhole
            ? InternetChecksum.describe(checksum, packet.slice(0, IPV4 + options))
            : InternetChecksum.describeUnverified(checksum));
    byte[] source = decoding.bytes(4);
    byte[] destination = decoding.bytes(4);
    decoding.addAddress("source", source);
    decoding.addAddress("destination", destination);
    if (options > 0) {
      decoding.addBytes("options", Math.min(options, decoding.remaining()));
    }
    boolean isFragment = (fragment & FRAGMENT) != 0;
    payload(
        totalLength - IPV4 - options,
        isFragment ? TransportDecoder.UNKNOWN : protocol,
        source,
        destination);
  }

  private static String fragment(int field) {
    return "offset "
        + (field & 0x1fff) * 8
        + ((field & 0x4000) != 0 ? ", do not fragment" : "")
        + ((field & 0x2000) != 0 ? ", more fragments" : "")
        + ((field & 0x8000) != 0 ? ", reserved bit" : "");
  }

  private void ipv6() {
    if (!decoding.has("IPv6", IPV6)) {
      return;
    }
    decoding.begin("IPv6");
    int first = (int) decoding.uint32();
    decoding.add("version", first >>> 28);
    decoding.addHex("traffic class", first >>> 20 & 0xff, 2);
    decoding.addHex("flow label", first & 0xf_ffff, 5);
    int length = decoding.uint16();
    decoding.add("payload length", length);
    int protocol = decoding.octet();
    decoding.add("next header", protocol, protocolName(protocol));
    decoding.add("hop limit", decoding.octet());
    byte[] source = decoding.bytes(16);
    byte[] destination = decoding.bytes(16);
    decoding.addAddress("source", source);
    decoding.addAddress("destination", destination);
    payload(length, protocol, source, destination);
  }

  /** Decodes the payload of an IP header. Bytes after the end of the packet are padding. */
  private void payload(int length, int protocol, byte[] source, byte[] destination) {
    int present = decoding.remaining();
    if (length >= 0 && length <= present) {
      ByteBuffer pseudoHeader =
          ByteBuffer.allocate(2 * source.length + 8)
              .put(source)
              .put(destination)
              .putInt(length)
              .putInt(protocol);
      decoding.within(length, () -> transport.decode(protocol, pseudoHeader));
    } else {
      transport.decode(protocol, null);
    }
    decoding.data("Padding");
  }

  private static String protocolName(int protocol) {
    return switch (protocol) {
      case TransportDecoder.ICMP -> "ICMP";
      case TransportDecoder.IPV4 -> "IPv4";
      case TransportDecoder.TCP -> "TCP";
      case TransportDecoder.UDP -> "UDP";
      case TransportDecoder.IPV6 -> "IPv6";
      case TransportDecoder.ICMPV6 -> "ICMPv6";
      default -> "";
    };
  }
}
