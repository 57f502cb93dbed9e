package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;

import org.jspecify.annotations.Nullable;

/**
 * The headers between an IP header and its transport header: IPv4 options, and IPv6 extension
 * headers (RFC 8200); {@code walk.h} in Java.
 *
 * @param transport the offset of the transport header, or of the data of a later fragment
 * @param protocol the transport protocol
 * @param hasOptions whether there are IPv4 options or IPv6 extension headers
 * @param isFragment whether there is an IPv6 fragment header, or this is an IPv4 fragment
 * @param isFirst whether this is the first of several fragments
 * @param isLater whether this is a fragment without transport header
 * @param identification the identification of a fragment
 */
record HeaderWalk(
    int transport,
    int protocol,
    boolean hasOptions,
    boolean isFragment,
    boolean isFirst,
    boolean isLater,
    int identification) {

  private static final int MAX_HEADERS = 8;
  private static final int MAX_BYTES = 256;
  private static final int UNIT = 8;

  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int DESTINATION_OPTIONS = 60;

  private static final int MORE_FRAGMENTS_V4 = 0x2000;
  private static final int OFFSET_V4 = 0x1fff;
  private static final int MORE_FRAGMENTS_V6 = 1;
  private static final int OFFSET_V6 = 0xfff8;

  /** Returns whether an IPv6 next header is walked over. */
  static boolean isWalked(int nextHeader) {
    return nextHeader == HOP_BY_HOP
        || nextHeader == ROUTING
        || nextHeader == FiveTuple.FRAGMENT
        || nextHeader == DESTINATION_OPTIONS;
  }

  /**
   * Walks the headers of a packet with a complete IP header, or returns null if that is impossible.
   *
   * @param at the offset of the IP header, which has the right version
   * @param limit the offset behind the packet
   */
  static @Nullable HeaderWalk of(Frame frame, int at, int limit) {
    return frame.unsignedByte(at) >> 4 == 6 ? ipv6(frame, at, limit) : ipv4(frame, at);
  }

  private static @Nullable HeaderWalk ipv4(Frame frame, int at) {
    int length = (frame.unsignedByte(at) & 0x0f) * 4;
    if (length < IPV4_HEADER) {
      return null;
    }
    int fragment = frame.unsignedShort(at + 6);
    boolean isLater = (fragment & OFFSET_V4) != 0;
    boolean isFirst = !isLater && (fragment & MORE_FRAGMENTS_V4) != 0;
    return new HeaderWalk(
        at + length,
        frame.unsignedByte(at + 9),
        length > IPV4_HEADER,
        isFirst || isLater,
        isFirst,
        isLater,
        frame.unsignedShort(at + 4));
  }

  /**
   * A later fragment ends the walk: what follows is the middle of something. So does a routing
   * header whose packet has not yet reached its last destination, and a header in a place where RFC
   * 8200 allows none: receivers reject those.
   */
  private static @Nullable HeaderWalk ipv6(Frame frame, int at, int limit) {
    int next = frame.unsignedByte(at + 6);
    int header = at + IPV6_HEADER;
    boolean hasOptions = false;
    int fragment = -1;
    int identification = 0;
    for (int i = 0; i < MAX_HEADERS && isWalked(next) && !isLater(fragment); i++) {
      if (header + UNIT > frame.length() || isMisplaced(frame, header, next, i, fragment >= 0)) {
        return null;
      }
      int length = UNIT;
      if (next == FiveTuple.FRAGMENT) {
        fragment = frame.unsignedShort(header + 2);
        identification = frame.signedInt(header + 4);
      } else {
        hasOptions = true;
        length += UNIT * frame.unsignedByte(header + 1);
      }
      next = frame.unsignedByte(header);
      header += length;
      if (header > at + IPV6_HEADER + MAX_BYTES || header > limit) {
        return null;
      }
    }
    boolean isLater = isLater(fragment);
    boolean isFirst = fragment >= 0 && !isLater && (fragment & MORE_FRAGMENTS_V6) != 0;
    return new HeaderWalk(
        header, next, hasOptions, fragment >= 0, isFirst, isLater, identification);
  }

  private static boolean isMisplaced(
      Frame frame, int header, int kind, int index, boolean isInFragment) {
    return switch (kind) {
      case HOP_BY_HOP -> index > 0;
      case ROUTING -> frame.unsignedByte(header + 3) > 0; // segments left
      case FiveTuple.FRAGMENT -> isInFragment;
      default -> false;
    };
  }

  private static boolean isLater(int fragment) {
    return fragment >= 0 && (fragment & OFFSET_V6) != 0;
  }
}
