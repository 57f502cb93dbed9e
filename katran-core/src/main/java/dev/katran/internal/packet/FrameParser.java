package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;

import dev.katran.Verdict;

/**
 * Parses a frame's headers and determines its flow; {@code parse.h} in Java. Truncated frames, IPv4
 * packets with options and fragments are dropped. Protocols other than TCP, UDP and the relevant
 * ICMP messages pass.
 */
public final class FrameParser {

  private static final ParsedFrame DROP = new ParsedFrame.Decided(Verdict.DROP);
  private static final ParsedFrame PASS = new ParsedFrame.Decided(Verdict.PASS);

  private static final int NO_OPTIONS = 5;
  private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

  private static final int TCP_HEADER = 20;
  private static final int TCP_FLAGS = 13;
  private static final int ICMP_HEADER = 8;

  /** The transport header bytes that every ICMP error quotes (RFC 792). */
  private static final int QUOTED_TRANSPORT = 8;

  private static final int ICMP_UNREACHABLE = 3;
  private static final int ICMP_ECHO_REQUEST = 8;
  private static final int ICMPV6_UNREACHABLE = 1;
  private static final int ICMPV6_PACKET_TOO_BIG = 2;
  private static final int ICMPV6_ECHO_REQUEST = 128;

  private static final int FRAGMENTATION_NEEDED = 4;

  /** The minimum MTU of IPv6 (RFC 8200). A smaller path MTU is suspicious. */
  private static final int IPV6_MIN_MTU = 1280;

  private final Frame frame;
  private final PathMtuListener pathMtu;

  private FrameParser(Frame frame, PathMtuListener pathMtu) {
    this.frame = frame;
    this.pathMtu = pathMtu;
  }

  /** Parses a frame. */
  public static ParsedFrame parse(Frame frame, PathMtuListener pathMtu) {
    FrameParser parser = new FrameParser(frame, pathMtu);
    return switch (frame.etherType()) {
      case Frame.ETHERTYPE_IPV4 -> parser.ipv4();
      case Frame.ETHERTYPE_IPV6 -> parser.ipv6();
      default -> PASS;
    };
  }

  /** Returns whether a complete IPv4 header has options or belongs to a fragment. */
  static boolean hasOptionsOrIsFragment(Frame frame) {
    return ipv4HeaderWords(frame, NETWORK) != NO_OPTIONS
        || (frame.unsignedShort(NETWORK + 6) & MORE_FRAGMENTS_OR_OFFSET) != 0;
  }

  private ParsedFrame ipv4() {
    int transport = NETWORK + IPV4_HEADER;
    if (endsBefore(transport)) {
      return DROP;
    }
    if (hasOptionsOrIsFragment(frame)) {
      return DROP;
    }
    Address source = frame.ipv4Address(NETWORK + 12);
    Address destination = frame.ipv4Address(NETWORK + 16);
    int protocol = frame.unsignedByte(NETWORK + 9);
    return protocol == FiveTuple.ICMP
        ? icmp(transport, destination)
        : transport(transport, source, destination, protocol);
  }

  private ParsedFrame ipv6() {
    int transport = NETWORK + IPV6_HEADER;
    if (endsBefore(transport)) {
      return DROP;
    }
    Address source = frame.ipv6Address(NETWORK + 8);
    Address destination = frame.ipv6Address(NETWORK + 24);
    int protocol = frame.unsignedByte(NETWORK + 6);
    return switch (protocol) {
      case FiveTuple.FRAGMENT -> DROP;
      case FiveTuple.ICMPV6 -> icmpv6(transport, destination);
      default -> transport(transport, source, destination, protocol);
    };
  }

  private ParsedFrame transport(int transport, Address source, Address destination, int protocol) {
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    if (endsBefore(transport + (protocol == FiveTuple.TCP ? TCP_HEADER : Frame.UDP_HEADER))) {
      return DROP;
    }
    int tcpFlags = protocol == FiveTuple.TCP ? frame.unsignedByte(transport + TCP_FLAGS) : 0;
    return packet(flow(transport, source, destination, protocol), false, tcpFlags);
  }

  private ParsedFrame icmp(int icmp, Address destination) {
    int quoted = icmp + ICMP_HEADER;
    if (endsBefore(quoted)) {
      return DROP;
    }
    reportTooBig(icmp);
    return switch (frame.unsignedByte(icmp)) {
      case ICMP_ECHO_REQUEST -> new ParsedFrame.EchoRequest(destination);
      case ICMP_UNREACHABLE -> quotedIpv4(quoted);
      default -> PASS;
    };
  }

  private ParsedFrame icmpv6(int icmp, Address destination) {
    int quoted = icmp + ICMP_HEADER;
    if (endsBefore(quoted)) {
      return DROP;
    }
    reportTooBigV6(icmp);
    return switch (frame.unsignedByte(icmp)) {
      case ICMPV6_ECHO_REQUEST -> new ParsedFrame.EchoRequest(destination);
      case ICMPV6_UNREACHABLE, ICMPV6_PACKET_TOO_BIG -> quotedIpv6(quoted);
      default -> PASS;
    };
  }

  /** Reports "fragmentation needed" for any destination. RFC 1191 defines the field of the MTU. */
  private void reportTooBig(int icmp) {
    if (frame.unsignedShort(icmp) == (ICMP_UNREACHABLE << 8 | FRAGMENTATION_NEEDED)) {
      pathMtu.tooBig(false, frame.unsignedShort(icmp + 6) < IPV6_MIN_MTU);
    }
  }

  private void reportTooBigV6(int icmp) {
    if (frame.unsignedByte(icmp) == ICMPV6_PACKET_TOO_BIG) {
      pathMtu.tooBig(true, Integer.compareUnsigned(frame.signedInt(icmp + 4), IPV6_MIN_MTU) < 0);
    }
  }

  private ParsedFrame quotedIpv4(int quoted) {
    int transport = quoted + IPV4_HEADER;
    if (endsBefore(transport) || ipv4HeaderWords(frame, quoted) != NO_OPTIONS) {
      return DROP;
    }
    return quotedTransport(
        transport,
        frame.ipv4Address(quoted + 12),
        frame.ipv4Address(quoted + 16),
        frame.unsignedByte(quoted + 9));
  }

  private ParsedFrame quotedIpv6(int quoted) {
    int transport = quoted + IPV6_HEADER;
    if (endsBefore(transport)) {
      return DROP;
    }
    return quotedTransport(
        transport,
        frame.ipv6Address(quoted + 8),
        frame.ipv6Address(quoted + 24),
        frame.unsignedByte(quoted + 6));
  }

  private ParsedFrame quotedTransport(
      int transport, Address source, Address destination, int protocol) {
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    if (endsBefore(transport + QUOTED_TRANSPORT)) {
      return DROP;
    }
    return packet(flow(transport, source, destination, protocol).reversed(), true, 0);
  }

  private ParsedFrame packet(FiveTuple flow, boolean isIcmpError, int tcpFlags) {
    return flow.source().isIpv6()
        ? new ParsedFrame.Packet(
            flow,
            isIcmpError,
            tcpFlags,
            frame.unsignedShort(NETWORK + 4),
            frame.unsignedShort(NETWORK) >> 4 & 0xff)
        : new ParsedFrame.Packet(
            flow,
            isIcmpError,
            tcpFlags,
            frame.unsignedShort(NETWORK + 2),
            frame.unsignedByte(NETWORK + 1));
  }

  private FiveTuple flow(int transport, Address source, Address destination, int protocol) {
    return new FiveTuple(
        source,
        destination,
        frame.unsignedShort(transport),
        frame.unsignedShort(transport + 2),
        protocol);
  }

  private static int ipv4HeaderWords(Frame frame, int network) {
    return frame.unsignedByte(network) & 0x0f;
  }

  private boolean endsBefore(int offset) {
    return frame.length() < offset;
  }
}
