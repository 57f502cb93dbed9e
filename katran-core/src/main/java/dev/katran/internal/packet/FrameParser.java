package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.ICMP_HEADER;
import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_MIN_MTU;
import static dev.katran.internal.packet.Frame.NETWORK;

import dev.katran.Verdict;

/**
 * Parses a frame's headers and determines its flow; {@code parse.h} in Java. Protocols other than
 * TCP, UDP and the relevant ICMP messages pass.
 */
public final class FrameParser {

  private static final ParsedFrame PASS = new ParsedFrame.Decided(Verdict.PASS);

  private static final int TCP_HEADER = 20;
  private static final int TCP_DATA_OFFSET = 12;
  private static final int TCP_FLAGS = 13;
  private static final int FRAGMENT_HEADER = 8;
  private static final int FRAGMENT_OFFSET = 0xfff8;

  /** The transport header bytes that every ICMP error quotes (RFC 792). */
  private static final int QUOTED_TRANSPORT = 8;

  private static final int ICMP_UNREACHABLE = 3;
  private static final int ICMP_ECHO_REQUEST = 8;
  private static final int ICMP_TIME_EXCEEDED = 11;
  private static final int ICMP_PARAMETER_PROBLEM = 12;
  private static final int ICMPV6_UNREACHABLE = 1;
  private static final int ICMPV6_PACKET_TOO_BIG = 2;
  private static final int ICMPV6_TIME_EXCEEDED = 3;
  private static final int ICMPV6_PARAMETER_PROBLEM = 4;
  private static final int ICMPV6_ECHO_REQUEST = 128;

  private static final int FRAGMENTATION_NEEDED = 4;

  private final Frame frame;
  private final IpHeader ip;
  private final PathMtuListener pathMtu;

  private FrameParser(Frame frame, IpHeader ip, PathMtuListener pathMtu) {
    this.frame = frame;
    this.ip = ip;
    this.pathMtu = pathMtu;
  }

  /** Parses a frame. */
  public static ParsedFrame parse(Frame frame, PathMtuListener pathMtu) {
    return switch (frame.etherType()) {
      case Frame.ETHERTYPE_IPV4 -> parse(frame, false, pathMtu);
      case Frame.ETHERTYPE_IPV6 -> parse(frame, true, pathMtu);
      default -> PASS;
    };
  }

  private static ParsedFrame parse(Frame frame, boolean isIpv6, PathMtuListener pathMtu) {
    IpHeader ip = IpHeader.read(frame, NETWORK, frame.length() - NETWORK, isIpv6);
    return ip == null
        ? ParsedFrame.Malformed.INSTANCE
        : new FrameParser(frame, ip, pathMtu).payload();
  }

  private ParsedFrame payload() {
    if (ip.hasOptions()) {
      return refused(ParsedFrame.Reason.IP_OPTIONS);
    }
    if (ip.isFragment() || (ip.isIpv6() && ip.protocol() == FiveTuple.FRAGMENT)) {
      return refused(ParsedFrame.Reason.FRAGMENT);
    }
    int transport = NETWORK + ip.length();
    if (ip.protocol() == (ip.isIpv6() ? FiveTuple.ICMPV6 : FiveTuple.ICMP)) {
      return ip.isIpv6() ? icmpv6(transport) : icmp(transport);
    }
    return transport(transport);
  }

  private ParsedFrame refused(ParsedFrame.Reason reason) {
    return new ParsedFrame.Refused(ip.destination(), reason);
  }

  private ParsedFrame transport(int transport) {
    int protocol = ip.protocol();
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    boolean isTcp = protocol == FiveTuple.TCP;
    if (!(isTcp ? isWellFormedTcp(transport) : isWellFormedUdp(transport))) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    FiveTuple flow = flow(transport, ip.source(), ip.destination(), protocol);
    return packet(flow, 0, isTcp ? frame.unsignedByte(transport + TCP_FLAGS) : 0);
  }

  private boolean isWellFormedTcp(int tcp) {
    if (ip.payload() < TCP_HEADER) {
      return false;
    }
    int header = (frame.unsignedByte(tcp + TCP_DATA_OFFSET) >> 4) * 4;
    return header >= TCP_HEADER && header <= ip.payload();
  }

  private boolean isWellFormedUdp(int udp) {
    if (ip.payload() < Frame.UDP_HEADER) {
      return false;
    }
    int length = frame.unsignedShort(udp + 4);
    return length >= Frame.UDP_HEADER && length <= ip.payload();
  }

  private ParsedFrame icmp(int icmp) {
    if (ip.payload() < ICMP_HEADER) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    return switch (frame.unsignedByte(icmp)) {
      case ICMP_ECHO_REQUEST -> new ParsedFrame.EchoRequest(ip.source(), ip.destination());
      case ICMP_UNREACHABLE, ICMP_TIME_EXCEEDED, ICMP_PARAMETER_PROBLEM -> {
        reportTooBig(icmp);
        yield quotedIpv4(icmp + ICMP_HEADER);
      }
      default -> PASS;
    };
  }

  private ParsedFrame icmpv6(int icmp) {
    if (ip.payload() < ICMP_HEADER) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    return switch (frame.unsignedByte(icmp)) {
      case ICMPV6_ECHO_REQUEST -> new ParsedFrame.EchoRequest(ip.source(), ip.destination());
      case ICMPV6_UNREACHABLE,
          ICMPV6_PACKET_TOO_BIG,
          ICMPV6_TIME_EXCEEDED,
          ICMPV6_PARAMETER_PROBLEM -> {
        reportTooBigV6(icmp);
        yield quotedIpv6(icmp + ICMP_HEADER);
      }
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

  /**
   * Parses the packet that an ICMP error quotes. The error concerns its flow if it was sent by the
   * address that the error is for. A later fragment has no ports, so it names no flow.
   */
  private ParsedFrame quotedIpv4(int at) {
    int transport = at + IPV4_HEADER;
    if (endsBefore(transport) || version(at) != 4) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    IpHeader quoted = IpHeader.readQuotedIpv4(frame, at);
    if (quoted.hasOptions()) {
      return refused(ParsedFrame.Reason.IP_OPTIONS);
    }
    if (!quoted.source().equals(ip.destination()) || quoted.isLaterFragment()) {
      return PASS;
    }
    return quotedTransport(transport, quoted, quoted.protocol());
  }

  /** The same for ICMPv6. Steps over the fragment header of a first fragment. */
  private ParsedFrame quotedIpv6(int at) {
    int transport = at + IPV6_HEADER;
    if (endsBefore(transport) || version(at) != 6) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    IpHeader quoted = IpHeader.readQuotedIpv6(frame, at);
    if (!quoted.source().equals(ip.destination())) {
      return PASS;
    }
    if (quoted.protocol() != FiveTuple.FRAGMENT) {
      return quotedTransport(transport, quoted, quoted.protocol());
    }
    if (endsBefore(transport + FRAGMENT_HEADER)) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    return (frame.unsignedShort(transport + 2) & FRAGMENT_OFFSET) != 0
        ? PASS
        : quotedTransport(transport + FRAGMENT_HEADER, quoted, frame.unsignedByte(transport));
  }

  private ParsedFrame quotedTransport(int transport, IpHeader quoted, int protocol) {
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    if (endsBefore(transport + QUOTED_TRANSPORT)) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    FiveTuple sent = flow(transport, quoted.source(), quoted.destination(), protocol);
    return packet(sent.reversed(), transport, 0);
  }

  private ParsedFrame packet(FiveTuple flow, int quoted, int tcpFlags) {
    return new ParsedFrame.Packet(
        flow, quoted, tcpFlags, ip.bytes(), ip.trafficClass(), ip.dontFragment());
  }

  private FiveTuple flow(int transport, Address source, Address destination, int protocol) {
    return new FiveTuple(
        source,
        destination,
        frame.unsignedShort(transport),
        frame.unsignedShort(transport + 2),
        protocol);
  }

  private int version(int at) {
    return frame.unsignedByte(at) >> 4;
  }

  /** Returns whether the packet, without any padding of the frame, ends before an offset. */
  private boolean endsBefore(int offset) {
    return NETWORK + ip.length() + ip.payload() < offset;
  }
}
