package dev.katran.fuzz.invariants;

import dev.katran.fuzz.invariants.Arrival.Stage;
import java.util.Arrays;

/**
 * Compares packets byte for byte, except for what has an invariant of its own: after a tunnel ended
 * here, the congestion mark and the IPv4 header checksum.
 */
final class Carried {

  private static final int IPV4_CHECKSUM = 10;

  private Carried() {}

  /**
   * Returns a frame without the fields that are not compared.
   *
   * @param withTtl whether the TTL is compared
   */
  static byte[] comparable(byte[] frame, int start, boolean isIpv6, boolean withTtl) {
    byte[] copy = frame.clone();
    if (isIpv6) {
      // the traffic class is in the middle of the first four bytes
      clear(copy, start + 1, 0x30);
    } else {
      clear(copy, start + 1, 3);
      clear(copy, start + IPV4_CHECKSUM, 0xff);
      clear(copy, start + IPV4_CHECKSUM + 1, 0xff);
    }
    if (!withTtl) {
      clear(copy, start + (isIpv6 ? 7 : 8), 0xff);
    }
    return copy;
  }

  static void clear(byte[] bytes, int at, int bits) {
    if (at < bytes.length) {
      bytes[at] &= (byte) ~bits;
    }
  }

  /** Returns whether a frame is a stage of its way through the tunnels. */
  static boolean isSame(Stage stage, byte[] frame, boolean wasInTunnel, boolean withTtl) {
    byte[] expected = stage.frame();
    if (!wasInTunnel || Arrays.equals(expected, frame)) {
      return Arrays.equals(expected, frame);
    }
    boolean isIpv6 = isIpv6(expected);
    byte[] wanted = comparable(expected, Ethernet.HEADER, isIpv6, withTtl);
    byte[] got = comparable(frame, Ethernet.HEADER, isIpv6, withTtl);
    IpPacket packet = stage.packet();
    if (packet == null || !packet.isWellFormed()) {
      return Arrays.equals(wanted, got);
    }
    // padding may be cut off, but not changed
    int end = Ethernet.HEADER + packet.length();
    return got.length >= end
        && got.length <= wanted.length
        && Arrays.equals(got, Arrays.copyOf(wanted, got.length));
  }

  private static boolean isIpv6(byte[] frame) {
    return Ethernet.read(frame).isIpv6();
  }

  /** Checks what a packet that left a tunnel here owes to RFC 6040 and to its new TTL. */
  static void checkLeftTunnel(Stage stage, IpPacket sent, Findings findings) {
    IpPacket expected = stage.packet();
    if (expected == null) {
      return;
    }
    findings.expect(
        sent.ecn() == expected.ecn(),
        Invariant.ECN,
        "the packet that left a tunnel has ECN %d, not %d",
        sent.ecn(),
        expected.ecn());
    findings.expect(
        sent.hasRightChecksum() || !stage.checksumWasRight(),
        Invariant.CHECKSUMS,
        "the header checksum of the packet that left a tunnel is wrong");
  }
}
