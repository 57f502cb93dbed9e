package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.NETWORK;

import org.jspecify.annotations.Nullable;

/** Parses a frame's outermost headers for a tunnel; the parsing of {@code tunnel.h} in Java. */
public final class TunnelParser {

  private static final int PROTOCOL_IPV4 = 4;
  private static final int PROTOCOL_IPV6 = 41;

  private TunnelParser() {}

  /**
   * Parses the outermost headers of a frame. Returns null if it is in no tunnel. A frame that
   * {@link FrameParser} drops or refuses is in none.
   */
  public static @Nullable Tunnel parse(Frame frame, int guePort) {
    return switch (frame.etherType()) {
      case Frame.ETHERTYPE_IPV4 -> parse(frame, false, guePort);
      case Frame.ETHERTYPE_IPV6 -> parse(frame, true, guePort);
      default -> null;
    };
  }

  private static @Nullable Tunnel parse(Frame frame, boolean isIpv6, int guePort) {
    IpHeader ip = IpHeader.read(frame, NETWORK, frame.length() - NETWORK, isIpv6);
    if (ip == null || ip.hasOptions() || ip.isFragment()) {
      return null;
    }
    return switch (ip.protocol()) {
      case PROTOCOL_IPV4 -> ipip(ip, false);
      case PROTOCOL_IPV6 -> ipip(ip, true);
      case FiveTuple.UDP -> gue(frame, ip, guePort);
      default -> null;
    };
  }

  private static Tunnel ipip(IpHeader ip, boolean innerIsIpv6) {
    return new Tunnel(
        ip.source(),
        ip.destination(),
        false,
        innerIsIpv6,
        ip.length(),
        ip.trafficClass(),
        ip.payload());
  }

  /** Recognises GUE variant 1: the inner IP header directly follows the UDP header. */
  private static @Nullable Tunnel gue(Frame frame, IpHeader ip, int guePort) {
    int udp = NETWORK + ip.length();
    int inner = udp + Frame.UDP_HEADER;
    if (ip.payload() < Frame.UDP_HEADER || frame.unsignedShort(udp + 2) != guePort) {
      return null;
    }
    int length = frame.unsignedShort(udp + 4);
    if (length <= Frame.UDP_HEADER || length > ip.payload()) {
      return null;
    }
    int version = frame.unsignedByte(inner) >> 4;
    if (version != 4 && version != 6) {
      return null;
    }
    return new Tunnel(
        ip.source(),
        ip.destination(),
        true,
        version == 6,
        ip.length() + Frame.UDP_HEADER,
        ip.trafficClass(),
        length - Frame.UDP_HEADER);
  }
}
