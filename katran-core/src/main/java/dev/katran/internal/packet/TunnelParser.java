package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;

/** Parses a frame's outermost headers for a tunnel; the parsing of {@code tunnel.h} in Java. */
public final class TunnelParser {

  private static final int PROTOCOL_IPV4 = 4;
  private static final int PROTOCOL_IPV6 = 41;

  private TunnelParser() {}

  /** Parses the outermost headers of a frame. */
  public static Outermost parse(Frame frame, int guePort) {
    return switch (frame.etherType()) {
      case Frame.ETHERTYPE_IPV4 -> ipv4(frame, guePort);
      case Frame.ETHERTYPE_IPV6 -> ipv6(frame, guePort);
      default -> Outermost.Other.NO_TUNNEL;
    };
  }

  private static Outermost ipv4(Frame frame, int guePort) {
    if (frame.length() < NETWORK + IPV4_HEADER || FrameParser.hasOptionsOrIsFragment(frame)) {
      return Outermost.Other.UNREADABLE;
    }
    Address destination = frame.ipv4Address(NETWORK + 16);
    return tunnel(frame, destination, frame.unsignedByte(NETWORK + 9), IPV4_HEADER, guePort);
  }

  private static Outermost ipv6(Frame frame, int guePort) {
    if (frame.length() < NETWORK + IPV6_HEADER) {
      return Outermost.Other.UNREADABLE;
    }
    int nextHeader = frame.unsignedByte(NETWORK + 6);
    return nextHeader == FiveTuple.FRAGMENT
        ? Outermost.Other.UNREADABLE
        : tunnel(frame, frame.ipv6Address(NETWORK + 24), nextHeader, IPV6_HEADER, guePort);
  }

  private static Outermost tunnel(
      Frame frame, Address destination, int protocol, int header, int guePort) {
    return switch (protocol) {
      case PROTOCOL_IPV4 -> new Outermost.Tunnel(destination, false, false, header);
      case PROTOCOL_IPV6 -> new Outermost.Tunnel(destination, false, true, header);
      case FiveTuple.UDP -> gue(frame, destination, header, guePort);
      default -> Outermost.Other.NO_TUNNEL;
    };
  }

  /** Recognises GUE variant 1: the inner IP header directly follows the UDP header. */
  private static Outermost gue(Frame frame, Address destination, int header, int guePort) {
    int udp = NETWORK + header;
    int headers = header + Frame.UDP_HEADER;
    if (frame.length() < NETWORK + headers) {
      return Outermost.Other.UNREADABLE;
    }
    if (frame.unsignedShort(udp + 2) != guePort) {
      return Outermost.Other.NO_TUNNEL;
    }
    if (frame.length() == NETWORK + headers) {
      return Outermost.Other.UNREADABLE;
    }
    return switch (frame.unsignedByte(NETWORK + headers) >> 4) {
      case 4 -> new Outermost.Tunnel(destination, true, false, headers);
      case 6 -> new Outermost.Tunnel(destination, true, true, headers);
      default -> Outermost.Other.NO_TUNNEL;
    };
  }
}
