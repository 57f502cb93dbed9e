package dev.katran.fuzz.invariants;

import dev.katran.internal.dataplane.VipFlags;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is behind the IPv4 options or IPv6 extension headers of a packet, read as RFC 791 and RFC
 * 8200 describe it.
 *
 * @param protocol the upper-layer protocol
 * @param start the offset of its header in the frame
 * @param needs the {@link VipFlags} of a VIP that takes such a packet
 * @param isLater whether this is a fragment without that header
 */
record Walk(int protocol, int start, int needs, boolean isLater) {

  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int DESTINATION_OPTIONS = 60;
  private static final Set<Integer> EXTENSIONS =
      Set.of(HOP_BY_HOP, ROUTING, IpPacket.FRAGMENT, DESTINATION_OPTIONS);

  /** Walks to the upper layer. Returns null if a receiver would reject the chain of headers. */
  static @Nullable Walk of(IpPacket packet) {
    return packet.isIpv6() ? ofIpv6(packet, packet.start() + packet.length()) : ofIpv4(packet);
  }

  /** Walks in a packet that ends at an offset before its stated length. */
  static @Nullable Walk ofQuoted(IpPacket packet, int end) {
    return packet.isIpv6() ? ofIpv6(packet, end) : ofIpv4(packet);
  }

  private static Walk ofIpv4(IpPacket packet) {
    int needs =
        (packet.headerLength() > 20 ? VipFlags.IP_OPTIONS : 0)
            | (packet.isFragment() ? VipFlags.FRAGMENTS : 0);
    return new Walk(packet.protocol(), packet.payloadStart(), needs, packet.isLaterFragment());
  }

  private static @Nullable Walk ofIpv6(IpPacket packet, int end) {
    byte[] frame = packet.frame();
    int next = packet.protocol();
    int at = packet.payloadStart();
    int needs = 0;
    while (EXTENSIONS.contains(next)) {
      if (at + 8 > end) {
        return null;
      }
      int following = frame[at] & 0xff;
      int length = 8 + 8 * (frame[at + 1] & 0xff);
      if (next == IpPacket.FRAGMENT) {
        length = 8;
        boolean isLater = ((((frame[at + 2] & 0xff) << 8) | (frame[at + 3] & 0xff)) & 0xfff8) != 0;
        if (isLater) {
          return new Walk(following, at + 8, needs | VipFlags.FRAGMENTS, true);
        }
        needs |= VipFlags.FRAGMENTS;
      } else {
        needs |= VipFlags.IP_OPTIONS;
      }
      if ((next == ROUTING && frame[at + 3] != 0)
          || (next == HOP_BY_HOP && at > packet.payloadStart())) {
        return null;
      }
      at += length;
      if (at > end) {
        return null;
      }
      next = following;
    }
    return new Walk(next, at, needs, false);
  }
}
