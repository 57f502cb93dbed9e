package dev.katran.internal.packet;

/** Explicit congestion notification across tunnels (RFC 6040); {@code ecn.h} in Java. */
public final class Ecn {

  /** The bits of a traffic class that are the ECN field. */
  public static final int MASK = 3;

  private static final int NOT_ECT = 0;
  private static final int ECT_1 = 1;
  private static final int ECT_0 = 2;
  private static final int CE = 3;

  private Ecn() {}

  /**
   * Carries the congestion mark of a removed outer header into the inner header at an offset.
   * Returns false if the packet must be dropped: it was marked, but its sender does not understand
   * marks.
   *
   * @param outer the outer traffic class
   */
  public static boolean carry(Frame frame, int at, boolean isIpv6, int outer) {
    int inner = (isIpv6 ? frame.unsignedShort(at) >> 4 : frame.unsignedByte(at + 1)) & MASK;
    int merged = merge(outer & MASK, inner);
    if (merged < 0) {
      return false;
    }
    if (merged != inner) {
      write(frame, at, isIpv6, merged);
    }
    return true;
  }

  /** Returns the codepoint of figure 4 of RFC 6040, or -1 to drop the packet. */
  private static int merge(int outer, int inner) {
    if (outer == CE) {
      return inner == NOT_ECT ? -1 : CE;
    }
    return outer == ECT_1 && inner == ECT_0 ? ECT_1 : inner;
  }

  private static void write(Frame frame, int at, boolean isIpv6, int codepoint) {
    int before = frame.unsignedShort(at);
    if (isIpv6) {
      frame.putShort(at, (before & ~(MASK << 4)) | (codepoint << 4));
    } else {
      int after = (before & ~MASK) | codepoint;
      frame.putShort(at, after);
      frame.putShort(at + 10, Checksum.updated(frame.unsignedShort(at + 10), before, after));
    }
  }
}
