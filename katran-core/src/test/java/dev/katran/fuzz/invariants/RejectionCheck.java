package dev.katran.fuzz.invariants;

import static dev.katran.fuzz.invariants.Invariant.CHECKSUMS;
import static dev.katran.fuzz.invariants.Invariant.DESTINATION_MAC;
import static dev.katran.fuzz.invariants.Invariant.LENGTHS;
import static dev.katran.fuzz.invariants.Invariant.PAYLOAD;
import static dev.katran.fuzz.invariants.Invariant.REJECTION;
import static dev.katran.fuzz.invariants.Invariant.SOURCE_MAC;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.TcpPacket.TcpHeader;
import org.pcap4j.util.ByteArrays;

/** Checks answers to packets for a port of a VIP's address that is not served. */
final class RejectionCheck {

  private static final int ICMP_HEADER = 8;
  private static final int PORT_UNREACHABLE_V4 = 3 << 8 | 3;
  private static final int PORT_UNREACHABLE_V6 = 1 << 8 | 4;
  private static final int MAX_ERROR_V4 = 576;
  private static final int MAX_ERROR_V6 = 1280;

  private final Arrival arrival;
  private final byte[] sent;
  private final Findings findings;

  RejectionCheck(Arrival arrival, byte[] sent, Findings findings) {
    this.arrival = arrival;
    this.sent = sent;
    this.findings = findings;
  }

  void check(IpPacket packet) {
    findings.expect(
        Flow.isUnicast(packet.source()) && !packet.source().equals(packet.destination()),
        REJECTION,
        "an answer to %s",
        packet.source());
    Ethernet ethernet = Ethernet.read(sent);
    findings.expect(
        ethernet.source().equals(arrival.ethernet().destination()), SOURCE_MAC, "not ours");
    findings.expect(
        ethernet.destination().equals(arrival.ethernet().source()),
        DESTINATION_MAC,
        "not the sender's");
    IpPacket answer = Sent.read(sent, findings);
    if (answer == null) {
      return;
    }
    boolean fits = answer.isWellFormed() && Ethernet.HEADER + answer.length() == sent.length;
    findings.expect(fits, LENGTHS, "the answer has %d bytes", answer.length());
    findings.expect(
        answer.source().equals(packet.destination())
            && answer.destination().equals(packet.source()),
        REJECTION,
        "the answer is from %s to %s",
        answer.source(),
        answer.destination());
    if (fits) {
      findings.expect(
          answer.hasRightChecksum() && Checksums.isRight(answer), CHECKSUMS, "one is wrong");
      if (packet.protocol() == IpPacket.TCP) {
        checkReset(packet, answer);
      } else {
        checkUnreachable(packet, answer);
      }
    }
  }

  /** RFC 9293, section 3.10.7.1. */
  private void checkReset(IpPacket packet, IpPacket answer) {
    TcpHeader segment = tcp(packet);
    TcpHeader reset = answer.protocol() == IpPacket.TCP ? tcp(answer) : null;
    if (segment == null || reset == null) {
      findings.expect(false, REJECTION, "TCP is answered with protocol %d", answer.protocol());
      return;
    }
    int length =
        packet.payloadLength()
            - 4 * segment.getDataOffsetAsInt()
            + (segment.getSyn() ? 1 : 0)
            + (segment.getFin() ? 1 : 0);
    boolean isRight =
        segment.getAck()
            ? reset.getSequenceNumber() == segment.getAcknowledgmentNumber() && !reset.getAck()
            : reset.getSequenceNumber() == 0
                && reset.getAck()
                && reset.getAcknowledgmentNumber() == segment.getSequenceNumber() + length;
    findings.expect(
        reset.getRst()
            && !reset.getSyn()
            && !reset.getFin()
            && !segment.getRst()
            && isRight
            && reset.getSrcPort().equals(segment.getDstPort())
            && reset.getDstPort().equals(segment.getSrcPort()),
        REJECTION,
        "%s is answered with %s",
        segment,
        reset);
  }

  private static @Nullable TcpHeader tcp(IpPacket packet) {
    try {
      int length = Math.min(packet.payloadLength(), 60);
      return TcpPacket.newPacket(packet.frame(), packet.payloadStart(), length).getHeader();
    } catch (IllegalRawDataException e) {
      return null;
    }
  }

  private void checkUnreachable(IpPacket packet, IpPacket answer) {
    byte[] icmp = answer.payload();
    int type = packet.isIpv6() ? PORT_UNREACHABLE_V6 : PORT_UNREACHABLE_V4;
    findings.expect(
        answer.isIcmp() && (ByteArrays.getShort(icmp, 0) & 0xffff) == type,
        REJECTION,
        "UDP is answered with protocol %d",
        answer.protocol());
    int most = packet.isIpv6() ? MAX_ERROR_V6 : MAX_ERROR_V4;
    byte[] original = packet.bytes();
    int expected = Math.min(original.length, most - answer.headerLength() - ICMP_HEADER);
    byte[] quote = Arrays.copyOfRange(icmp, ICMP_HEADER, icmp.length);
    byte[] wanted = Arrays.copyOf(original, expected);
    if (arrival.wasInTunnel()) {
      wanted = Carried.comparable(wanted, 0, packet.isIpv6(), /* withTtl= */ true);
      quote = Carried.comparable(quote, 0, packet.isIpv6(), /* withTtl= */ true);
    }
    findings.expect(Arrays.equals(quote, wanted), PAYLOAD, "the answer does not quote the packet");
  }
}
