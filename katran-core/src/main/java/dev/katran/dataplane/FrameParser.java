package dev.katran.dataplane;

import static dev.katran.dataplane.Frame.IPV4_HEADER;
import static dev.katran.dataplane.Frame.IPV6_HEADER;
import static dev.katran.dataplane.Frame.NETWORK;

import dev.katran.Verdict;

/**
 * Reads a frame's headers, from the outside in. What is cut short, has IPv4 options or is a
 * fragment drops; what is not TCP, UDP or an ICMP message we have a part in passes.
 */
final class FrameParser {

  private static final Parsed DROP = new Parsed.Settled(Verdict.DROP);
  private static final Parsed PASS = new Parsed.Settled(Verdict.PASS);

  private static final int NO_OPTIONS = 5;
  private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

  private static final int TCP_HEADER = 20;
  private static final int TCP_FLAGS = 13;
  private static final int ICMP_HEADER = 8;

  /** What an ICMP error is sure to quote behind the IP header (RFC 792). */
  private static final int QUOTED_TRANSPORT = 8;

  private static final int ICMP_UNREACHABLE = 3;
  private static final int ICMP_ECHO_REQUEST = 8;
  private static final int ICMPV6_UNREACHABLE = 1;
  private static final int ICMPV6_PACKET_TOO_BIG = 2;
  private static final int ICMPV6_ECHO_REQUEST = 128;

  private static final int FRAGMENTATION_NEEDED = 4;

  /** What every path has room for in IPv6 (RFC 8200); who is told less is told something odd. */
  private static final int SMALL_MTU = 1280;

  private final Frame frame;
  private final CounterTable counters;

  private FrameParser(Frame frame, CounterTable counters) {
    this.frame = frame;
    this.counters = counters;
  }

  static Parsed parse(Frame frame, CounterTable counters) {
    FrameParser parser = new FrameParser(frame, counters);
    return switch (frame.etherType()) {
      case Frame.ETHERTYPE_IPV4 -> parser.ipv4();
      case Frame.ETHERTYPE_IPV6 -> parser.ipv6();
      default -> PASS;
    };
  }

  /** Whether the IPv4 header, which is there, is one that cannot be balanced. */
  static boolean hasOptionsOrIsFragment(Frame frame) {
    return ipv4HeaderWords(frame, NETWORK) != NO_OPTIONS
        || (frame.unsignedShort(NETWORK + 6) & MORE_FRAGMENTS_OR_OFFSET) != 0;
  }

  private Parsed ipv4() {
    int transport = NETWORK + IPV4_HEADER;
    if (isCutBefore(transport)) {
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

  private Parsed ipv6() {
    int transport = NETWORK + IPV6_HEADER;
    if (isCutBefore(transport)) {
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

  private Parsed transport(int transport, Address source, Address destination, int protocol) {
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    if (isCutBefore(transport + (protocol == FiveTuple.TCP ? TCP_HEADER : Frame.UDP_HEADER))) {
      return DROP;
    }
    int tcpFlags = protocol == FiveTuple.TCP ? frame.unsignedByte(transport + TCP_FLAGS) : 0;
    return packet(flow(transport, source, destination, protocol), false, tcpFlags);
  }

  private Parsed icmp(int icmp, Address destination) {
    int quoted = icmp + ICMP_HEADER;
    if (isCutBefore(quoted)) {
      return DROP;
    }
    countTooBig(icmp);
    return switch (frame.unsignedByte(icmp)) {
      case ICMP_ECHO_REQUEST -> new Parsed.EchoRequest(destination);
      case ICMP_UNREACHABLE -> quotedIpv4(quoted);
      default -> PASS;
    };
  }

  private Parsed icmpv6(int icmp, Address destination) {
    int quoted = icmp + ICMP_HEADER;
    if (isCutBefore(quoted)) {
      return DROP;
    }
    countTooBigV6(icmp);
    return switch (frame.unsignedByte(icmp)) {
      case ICMPV6_ECHO_REQUEST -> new Parsed.EchoRequest(destination);
      case ICMPV6_UNREACHABLE, ICMPV6_PACKET_TOO_BIG -> quotedIpv6(quoted);
      default -> PASS;
    };
  }

  /** Counts what says that a packet was too big, whomever it is for; RFC 1191 has the MTU. */
  private void countTooBig(int icmp) {
    if (frame.unsignedShort(icmp) == (ICMP_UNREACHABLE << 8 | FRAGMENTATION_NEEDED)) {
      counters.add(Counter.Total.PTB_V4);
      if (frame.unsignedShort(icmp + 6) < SMALL_MTU) {
        counters.add(Counter.Total.PTB_V4_SMALL);
      }
    }
  }

  private void countTooBigV6(int icmp) {
    if (frame.unsignedByte(icmp) == ICMPV6_PACKET_TOO_BIG) {
      counters.add(Counter.Total.PTB_V6);
      if (Integer.compareUnsigned(frame.signedInt(icmp + 4), SMALL_MTU) < 0) {
        counters.add(Counter.Total.PTB_V6_SMALL);
      }
    }
  }

  private Parsed quotedIpv4(int quoted) {
    int transport = quoted + IPV4_HEADER;
    if (isCutBefore(transport) || ipv4HeaderWords(frame, quoted) != NO_OPTIONS) {
      return DROP;
    }
    return quotedTransport(
        transport,
        frame.ipv4Address(quoted + 12),
        frame.ipv4Address(quoted + 16),
        frame.unsignedByte(quoted + 9));
  }

  private Parsed quotedIpv6(int quoted) {
    int transport = quoted + IPV6_HEADER;
    if (isCutBefore(transport)) {
      return DROP;
    }
    return quotedTransport(
        transport,
        frame.ipv6Address(quoted + 8),
        frame.ipv6Address(quoted + 24),
        frame.unsignedByte(quoted + 6));
  }

  private Parsed quotedTransport(int transport, Address source, Address destination, int protocol) {
    if (protocol != FiveTuple.TCP && protocol != FiveTuple.UDP) {
      return PASS;
    }
    if (isCutBefore(transport + QUOTED_TRANSPORT)) {
      return DROP;
    }
    return packet(flow(transport, source, destination, protocol).turnedRound(), true, 0);
  }

  private Parsed packet(FiveTuple flow, boolean isError, int tcpFlags) {
    return flow.source().isIpv6()
        ? new Parsed.Packet(
            flow,
            isError,
            tcpFlags,
            frame.unsignedShort(NETWORK + 4),
            frame.unsignedShort(NETWORK) >> 4 & 0xff)
        : new Parsed.Packet(
            flow,
            isError,
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

  private boolean isCutBefore(int offset) {
    return frame.length() < offset;
  }
}
