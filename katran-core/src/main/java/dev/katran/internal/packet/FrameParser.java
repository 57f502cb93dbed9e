package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.ICMP_HEADER;
import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_MIN_MTU;
import static dev.katran.internal.packet.Frame.NETWORK;

import dev.katran.Verdict;
import org.jspecify.annotations.Nullable;

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
  private static final int MAX_DATAGRAM = 0xffff;
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
  private final boolean walks;
  private final PathMtuListener pathMtu;

  private FrameParser(Frame frame, IpHeader ip, boolean walks, PathMtuListener pathMtu) {
    this.frame = frame;
    this.ip = ip;
    this.walks = walks;
    this.pathMtu = pathMtu;
  }

  /**
   * Parses a frame.
   *
   * @param walks whether any VIP takes packets with options, extension headers or fragments
   */
  public static ParsedFrame parse(Frame frame, boolean walks, PathMtuListener pathMtu) {
    return switch (frame.etherType()) {
      case Frame.ETHERTYPE_IPV4 -> parse(frame, false, walks, pathMtu);
      case Frame.ETHERTYPE_IPV6 -> parse(frame, true, walks, pathMtu);
      default -> PASS;
    };
  }

  private static ParsedFrame parse(
      Frame frame, boolean isIpv6, boolean walks, PathMtuListener pathMtu) {
    IpHeader ip = IpHeader.read(frame, NETWORK, frame.length() - NETWORK, isIpv6);
    return ip == null
        ? ParsedFrame.Malformed.INSTANCE
        : new FrameParser(frame, ip, walks, pathMtu).payload();
  }

  private ParsedFrame payload() {
    if (ip.hasOptions()) {
      return walked(refused(ParsedFrame.Reason.IP_OPTIONS));
    }
    if (ip.isFragment() || (ip.isIpv6() && ip.protocol() == FiveTuple.FRAGMENT)) {
      return walked(refused(ParsedFrame.Reason.FRAGMENT));
    }
    if (ip.isIpv6() && HeaderWalk.isWalked(ip.protocol())) {
      return walked(PASS);
    }
    int transport = NETWORK + ip.length();
    if (ip.protocol() == (ip.isIpv6() ? FiveTuple.ICMPV6 : FiveTuple.ICMP)) {
      return ip.isIpv6() ? icmpv6(transport) : icmp(transport);
    }
    return transport(transport);
  }

  /**
   * Parses a packet behind headers that must be walked. Some VIPs take it.
   *
   * @param otherwise the result for the other VIPs, and if the headers cannot be walked
   */
  private ParsedFrame walked(ParsedFrame otherwise) {
    int end = NETWORK + ip.length() + ip.payload();
    HeaderWalk walk = walks ? HeaderWalk.of(frame, NETWORK, end) : null;
    if (walk == null) {
      return otherwise;
    }
    ParsedFrame.Special special =
        new ParsedFrame.Special(
            walk.transport(),
            walk.hasOptions(),
            walk.isFragment(),
            walk.isFirst(),
            walk.isLater(),
            walk.identification(),
            otherwise);
    int protocol = walk.protocol();
    if (walk.isLater()) {
      FiveTuple portless = new FiveTuple(ip.source(), ip.destination(), 0, 0, protocol);
      return packet(portless, 0, 0, special);
    }
    int transport = walk.transport();
    int payload = end - transport;
    boolean isTcp = protocol == FiveTuple.TCP;
    // the UDP length in a first fragment is that of the whole datagram
    boolean isComplete =
        isTcp
            ? isWellFormedTcp(transport, payload)
            : protocol == FiveTuple.UDP
                && payload >= Frame.UDP_HEADER
                && isWellFormedUdp(transport, walk.isFirst() ? MAX_DATAGRAM : payload);
    return isComplete
        ? packet(
            flow(transport, ip.source(), ip.destination(), protocol),
            0,
            isTcp ? frame.unsignedByte(transport + TCP_FLAGS) : 0,
            special)
        : otherwise;
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
    int payload = ip.payload();
    if (!(isTcp ? isWellFormedTcp(transport, payload) : isWellFormedUdp(transport, payload))) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    FiveTuple flow = flow(transport, ip.source(), ip.destination(), protocol);
    return packet(flow, 0, isTcp ? frame.unsignedByte(transport + TCP_FLAGS) : 0, null);
  }

  private boolean isWellFormedTcp(int tcp, int payload) {
    if (payload < TCP_HEADER) {
      return false;
    }
    int header = (frame.unsignedByte(tcp + TCP_DATA_OFFSET) >> 4) * 4;
    return header >= TCP_HEADER && header <= payload;
  }

  private boolean isWellFormedUdp(int udp, int payload) {
    if (payload < Frame.UDP_HEADER) {
      return false;
    }
    int length = frame.unsignedShort(udp + 4);
    return length >= Frame.UDP_HEADER && length <= payload;
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
    boolean isReply = quoted.source().equals(ip.destination());
    if (quoted.hasOptions() && !(walks && isReply)) {
      return refused(ParsedFrame.Reason.IP_OPTIONS);
    }
    if (!isReply || quoted.isLaterFragment()) {
      return PASS;
    }
    if (quoted.hasOptions()) {
      return walkedQuote(at, quoted, refused(ParsedFrame.Reason.IP_OPTIONS));
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
    if (walks
        && HeaderWalk.isWalked(quoted.protocol())
        && walkedQuote(at, quoted, PASS) instanceof ParsedFrame.Packet packet) {
      return packet;
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

  /**
   * Parses a quoted packet with options or extension headers.
   *
   * @param otherwise the result if the VIP does not take such packets
   */
  private ParsedFrame walkedQuote(int at, IpHeader quoted, ParsedFrame otherwise) {
    HeaderWalk walk = HeaderWalk.of(frame, at, NETWORK + ip.length() + ip.payload());
    if (walk == null
        || walk.isLater()
        || (walk.protocol() != FiveTuple.TCP && walk.protocol() != FiveTuple.UDP)
        || endsBefore(walk.transport() + QUOTED_TRANSPORT)) {
      return otherwise;
    }
    FiveTuple sent = flow(walk.transport(), quoted.source(), quoted.destination(), walk.protocol());
    ParsedFrame.Special special =
        new ParsedFrame.Special(0, walk.hasOptions(), false, false, false, 0, otherwise);
    return packet(sent.reversed(), walk.transport(), 0, special);
  }

  private ParsedFrame quotedTransport(int transport, IpHeader quoted, int protocol) {
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    if (endsBefore(transport + QUOTED_TRANSPORT)) {
      return refused(ParsedFrame.Reason.MALFORMED);
    }
    FiveTuple sent = flow(transport, quoted.source(), quoted.destination(), protocol);
    return packet(sent.reversed(), transport, 0, null);
  }

  private ParsedFrame packet(
      FiveTuple flow, int quoted, int tcpFlags, ParsedFrame.@Nullable Special special) {
    return new ParsedFrame.Packet(
        flow, quoted, tcpFlags, ip.bytes(), ip.trafficClass(), ip.dontFragment(), special);
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
