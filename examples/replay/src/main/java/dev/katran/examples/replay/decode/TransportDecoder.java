package dev.katran.examples.replay.decode;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Decodes the payload of an IP packet. */
final class TransportDecoder {

  static final int UNKNOWN = -1;
  static final int ICMP = 1;
  static final int IPV4 = 4;
  static final int TCP = 6;
  static final int UDP = 17;
  static final int IPV6 = 41;
  static final int ICMPV6 = 58;

  private static final int UDP_HEADER = 8;
  private static final int TCP_HEADER = 20;
  private static final int ICMP_HEADER = 8;
  private static final String[] TCP_FLAGS = {
    "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"
  };

  private final Decoding decoding;
  private final int guePort;
  private final Runnable inner;

  /**
   * Creates a decoder of the remaining bytes.
   *
   * @param inner decodes an IP packet
   */
  TransportDecoder(Decoding decoding, int guePort, Runnable inner) {
    this.decoding = decoding;
    this.guePort = guePort;
    this.inner = inner;
  }

  /**
   * Decodes the remaining bytes.
   *
   * @param pseudoHeader what checksums also cover; null if the packet is cut short
   */
  void decode(int protocol, @Nullable ByteBuffer pseudoHeader) {
    switch (protocol) {
      case UDP -> udp(pseudoHeader);
      case TCP -> tcp(pseudoHeader);
      case ICMP -> icmp(pseudoHeader == null ? null : ByteBuffer.allocate(0));
      case ICMPV6 -> icmpv6(pseudoHeader);
      case IPV4, IPV6 -> inner.run();
      default -> decoding.data("Payload");
    }
  }

  private static String checksum(
      int found, @Nullable ByteBuffer pseudoHeader, ByteBuffer transport) {
    return pseudoHeader == null
        ? InternetChecksum.describeUnverified(found)
        : InternetChecksum.describe(found, pseudoHeader, transport);
  }

  private void udp(@Nullable ByteBuffer pseudoHeader) {
    ByteBuffer datagram = decoding.rest();
    if (!decoding.has("UDP", UDP_HEADER)) {
      return;
    }
    decoding.begin("UDP");
    decoding.add("source port", decoding.uint16());
    int destinationPort = decoding.uint16();
    decoding.add("destination port", destinationPort);
    decoding.add("length", decoding.uint16());
    int found = decoding.uint16();
    decoding.add("checksum", found == 0 ? "none" : checksum(found, pseudoHeader, datagram));
    // GUE variant 1 starts with the bits 01, as both IP versions do
    if (destinationPort == guePort && decoding.remaining() > 0 && decoding.peek() >> 6 == 1) {
      inner.run();
    } else {
      decoding.data("Payload");
    }
  }

  private void tcp(@Nullable ByteBuffer pseudoHeader) {
    ByteBuffer segment = decoding.rest();
    if (!decoding.has("TCP", TCP_HEADER)) {
      return;
    }
    decoding.begin("TCP");
    decoding.add("source port", decoding.uint16());
    decoding.add("destination port", decoding.uint16());
    decoding.add("sequence number", decoding.uint32());
    decoding.add("acknowledgment", decoding.uint32());
    int lengthAndFlags = decoding.uint16();
    int headerLength = (lengthAndFlags >> 12) * 4;
    decoding.add("header length", headerLength);
    decoding.add("flags", tcpFlags(lengthAndFlags & 0xfff));
    decoding.add("window", decoding.uint16());
    decoding.add("checksum", checksum(decoding.uint16(), pseudoHeader, segment));
    decoding.add("urgent pointer", decoding.uint16());
    int options = Math.min(headerLength - TCP_HEADER, decoding.remaining());
    if (options > 0) {
      decoding.addBytes("options", options);
    }
    decoding.data("Payload");
  }

  private static String tcpFlags(int bits) {
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < TCP_FLAGS.length; i++) {
      if ((bits >> i & 1) != 0) {
        names.append(names.isEmpty() ? "" : " ").append(TCP_FLAGS[i]);
      }
    }
    int reserved = bits >> TCP_FLAGS.length;
    return names + (reserved == 0 ? "" : " reserved " + reserved);
  }

  private void icmp(@Nullable ByteBuffer nothing) {
    ByteBuffer message = decoding.rest();
    if (!decoding.has("ICMP", ICMP_HEADER)) {
      return;
    }
    decoding.begin("ICMP");
    int type = decoding.octet();
    decoding.add("type", type, icmpName(type));
    int code = decoding.octet();
    decoding.add("code", code);
    decoding.add("checksum", checksum(decoding.uint16(), nothing, message));
    switch (type) {
      case 0, 8 -> echo();
      case 3 -> {
        decoding.addBytes("unused", 2);
        decoding.add("MTU", decoding.uint16());
        inner.run();
      }
      case 4, 5, 11, 12 -> {
        decoding.addBytes("rest of header", 4);
        inner.run();
      }
      default -> decoding.data("Payload");
    }
  }

  private static String icmpName(int type) {
    return switch (type) {
      case 0 -> "echo reply";
      case 3 -> "destination unreachable";
      case 4 -> "source quench";
      case 5 -> "redirect";
      case 8 -> "echo request";
      case 11 -> "time exceeded";
      case 12 -> "parameter problem";
      default -> "";
    };
  }

  private void icmpv6(@Nullable ByteBuffer pseudoHeader) {
    ByteBuffer message = decoding.rest();
    if (!decoding.has("ICMPv6", ICMP_HEADER)) {
      return;
    }
    decoding.begin("ICMPv6");
    int type = decoding.octet();
    decoding.add("type", type, icmpv6Name(type));
    decoding.add("code", decoding.octet());
    decoding.add("checksum", checksum(decoding.uint16(), pseudoHeader, message));
    switch (type) {
      case 128, 129 -> echo();
      case 2 -> {
        decoding.add("MTU", decoding.uint32());
        inner.run();
      }
      case 1, 3, 4 -> {
        decoding.addBytes("rest of header", 4);
        inner.run();
      }
      default -> decoding.data("Payload");
    }
  }

  private static String icmpv6Name(int type) {
    return switch (type) {
      case 1 -> "destination unreachable";
      case 2 -> "packet too big";
      case 3 -> "time exceeded";
      case 4 -> "parameter problem";
      case 128 -> "echo request";
      case 129 -> "echo reply";
      default -> "";
    };
  }

  private void echo() {
    decoding.add("identifier", decoding.uint16());
    decoding.add("sequence number", decoding.uint16());
    decoding.data("Payload");
  }
}
