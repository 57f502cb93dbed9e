package dev.katran.fuzz.invariants;

import static dev.katran.fuzz.invariants.Invariant.CHECKSUMS;
import static dev.katran.fuzz.invariants.Invariant.LENGTHS;
import static dev.katran.fuzz.invariants.Invariant.PAYLOAD;

import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pcap4j.util.ByteArrays;

/**
 * Checks what has become of a packet that was rewritten, or only passed on. Puts into the packet
 * that came in what should have changed and compares all bytes but the checksums. Those are
 * computed anew.
 */
final class RewriteCheck {

  private static final int ICMP_HEADER = 8;
  private static final int FRAGMENT_HEADER = 8;
  private static final int UDP_CHECKSUM = 6;
  private static final int TCP_CHECKSUM = 16;

  /**
   * What should have changed.
   *
   * @param address the new source or destination
   * @param port the new port, or 0 if it is kept
   * @param isSource whether the source changes
   * @param hops what is taken off the TTL or hop limit
   */
  record Change(InetAddress address, int port, boolean isSource, int hops) {}

  private final Arrival arrival;
  private final Findings findings;

  RewriteCheck(Arrival arrival, Findings findings) {
    this.arrival = arrival;
    this.findings = findings;
  }

  /**
   * Checks a packet.
   *
   * @param came as it came in
   * @param went as it was sent
   * @param change null if it is the same
   */
  void check(IpPacket came, IpPacket went, @Nullable Change change) {
    boolean fits = went.isWellFormed() && went.length() == came.length();
    findings.expect(fits, LENGTHS, "%d bytes have become %d", came.length(), went.length());
    if (!fits) {
      return;
    }
    byte[] wanted = came.bytes();
    if (change != null) {
      apply(change, came, wanted);
    }
    byte[] got = went.bytes();
    mask(came, wanted);
    mask(came, got);
    int at = Arrays.mismatch(wanted, got);
    findings.expect(at < 0, PAYLOAD, "the packet is another one from its byte %d on", at);
    findings.expect(
        went.hasRightChecksum() || !arrival.last().checksumWasRight(),
        CHECKSUMS,
        "the header checksum is wrong");
    findings.expect(
        Checksums.isRight(went) || !Checksums.isRight(came),
        CHECKSUMS,
        "the transport checksum is wrong");
    findings.expect(
        Checksums.isAbsent(went) == Checksums.isAbsent(came),
        CHECKSUMS,
        "the UDP checksum has appeared or vanished");
    checkQuotedHeader(came, went);
  }

  /** The IPv4 header that an ICMP error quotes has a checksum of its own. */
  private void checkQuotedHeader(IpPacket came, IpPacket went) {
    if (!came.isIcmp() || came.isIpv6() || came.payloadLength() < ICMP_HEADER + 20) {
      return;
    }
    findings.expect(
        sumOfQuoted(went) == 0 || sumOfQuoted(came) != 0,
        CHECKSUMS,
        "the checksum of the quoted header is wrong");
  }

  private static int sumOfQuoted(IpPacket packet) {
    int at = packet.payloadStart() + ICMP_HEADER;
    return ByteArrays.calcChecksum(Arrays.copyOfRange(packet.frame(), at, at + 20)) & 0xffff;
  }

  private static void apply(Change change, IpPacket came, byte[] packet) {
    packet[came.ttlOffset()] -= (byte) change.hops();
    putAddress(packet, 0, came.isIpv6(), change.address(), change.isSource());
    int transport = came.headerLength();
    boolean isSource = change.isSource();
    if (came.isIcmp()) {
      int quoted = came.headerLength() + ICMP_HEADER;
      isSource = !isSource;
      putAddress(packet, quoted, came.isIpv6(), change.address(), isSource);
      transport = quotedTransport(packet, came.isIpv6(), quoted);
    }
    if (change.port() != 0) {
      int at = transport + (isSource ? 0 : 2);
      packet[at] = (byte) (change.port() >> 8);
      packet[at + 1] = (byte) change.port();
    }
  }

  private static void putAddress(
      byte[] packet, int header, boolean isIpv6, InetAddress address, boolean isSource) {
    byte[] bytes = address.getAddress();
    int at = header + (isIpv6 ? 8 : 12) + (isSource ? 0 : bytes.length);
    System.arraycopy(bytes, 0, packet, at, bytes.length);
  }

  private static int quotedTransport(byte[] packet, boolean isIpv6, int quoted) {
    if (!isIpv6) {
      return quoted + 20;
    }
    return quoted + 40 + (packet[quoted + 6] == IpPacket.FRAGMENT ? FRAGMENT_HEADER : 0);
  }

  /** Clears the checksums that change. */
  private static void mask(IpPacket came, byte[] packet) {
    if (!came.isIpv6()) {
      clearWord(packet, 10);
    }
    int protocol = came.protocol();
    int transport = came.headerLength();
    if (came.isIcmp()) {
      clearWord(packet, transport + 2);
      int quoted = transport + ICMP_HEADER;
      transport = quotedTransport(packet, came.isIpv6(), quoted);
      if (came.isIpv6()) {
        boolean isFragment = transport > quoted + 40;
        protocol = packet[isFragment ? quoted + 40 : quoted + 6];
      } else {
        clearWord(packet, quoted + 10);
        protocol = packet[quoted + 9];
      }
    }
    clearWord(packet, transport + (protocol == IpPacket.TCP ? TCP_CHECKSUM : UDP_CHECKSUM));
    byte[] masked = Carried.comparable(packet, 0, came.isIpv6(), /* withTtl= */ true);
    System.arraycopy(masked, 0, packet, 0, packet.length);
  }

  private static void clearWord(byte[] packet, int at) {
    if (at + 2 <= packet.length) {
      packet[at] = 0;
      packet[at + 1] = 0;
    }
  }
}
