package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.ICMP_HEADER;
import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_MIN_MTU;
import static dev.katran.internal.packet.Frame.NETWORK;

/**
 * Answers as a host with a closed port does: TCP with a reset (RFC 9293, section 3.10.7.1), UDP
 * with ICMP "port unreachable" (RFC 1122, RFC 4443); {@code unserved.h} in Java.
 */
public final class Rejection {

  private static final int TTL = 64;
  private static final int DONT_FRAGMENT = 0x4000;

  /** The most bytes that an error may have (RFC 1812, section 4.3.2.3). */
  private static final int MAX_V4 = 576;

  private static final int UNREACHABLE_V4 = 3 << 8 | 3;
  private static final int UNREACHABLE_V6 = 1 << 8 | 4;

  private static final int TCP_HEADER = 20;
  private static final int FIN = 0x01;
  private static final int SYN = 0x02;
  private static final int RST = 0x04;
  private static final int ACK = 0x10;

  private Rejection() {}

  /** Writes the answer over a packet. Returns false if it is a reset, which has no answer. */
  public static boolean write(Frame frame, ParsedFrame.Packet packet) {
    if (packet.flow().protocol() == FiveTuple.UDP) {
      writeUnreachable(frame, packet);
      return true;
    }
    if (packet.isRst()) {
      return false;
    }
    writeReset(frame, packet);
    return true;
  }

  private static void writeReset(Frame frame, ParsedFrame.Packet packet) {
    FiveTuple flow = packet.flow();
    int tcp = packet.transport();
    int flags = packet.tcpFlags();
    int header = (frame.unsignedByte(tcp + 12) >> 4) * 4;
    int data =
        packet.end() - tcp - header + ((flags & SYN) != 0 ? 1 : 0) + ((flags & FIN) != 0 ? 1 : 0);
    int sequence = frame.signedInt(tcp + 4);
    int acknowledgement = frame.signedInt(tcp + 8);
    frame.truncate(tcp + TCP_HEADER);
    frame.swapMacs();
    putIp(frame, packet, FiveTuple.TCP, TCP_HEADER);
    frame.putShort(tcp, flow.destinationPort());
    frame.putShort(tcp + 2, flow.sourcePort());
    boolean hasAck = (flags & ACK) != 0;
    frame.putInt(tcp + 4, hasAck ? acknowledgement : 0);
    frame.putInt(tcp + 8, hasAck ? 0 : sequence + data);
    frame.putShort(tcp + 12, 0x5000 | RST | (hasAck ? 0 : ACK));
    frame.putShort(tcp + 14, 0);
    frame.putInt(tcp + 16, 0);
    int sum =
        flow.source().sum()
            + flow.destination().sum()
            + FiveTuple.TCP
            + TCP_HEADER
            + Checksum.sum(frame, tcp, TCP_HEADER);
    frame.putShort(tcp + 16, Checksum.ofSum(sum));
  }

  private static void writeUnreachable(Frame frame, ParsedFrame.Packet packet) {
    FiveTuple flow = packet.flow();
    boolean isIpv6 = packet.isIpv6();
    int headers = (isIpv6 ? IPV6_HEADER : IPV4_HEADER) + ICMP_HEADER;
    int quoted = Math.min(packet.totalLength(), (isIpv6 ? IPV6_MIN_MTU : MAX_V4) - headers);
    int message = ICMP_HEADER + quoted;
    frame.turnIntoQuote(quoted, headers);
    putIp(frame, packet, isIpv6 ? FiveTuple.ICMPV6 : FiveTuple.ICMP, message);
    int icmp = NETWORK + headers - ICMP_HEADER;
    frame.putShort(icmp, isIpv6 ? UNREACHABLE_V6 : UNREACHABLE_V4);
    frame.putShort(icmp + 2, 0);
    frame.putInt(icmp + 4, 0);
    int sum = Checksum.sum(frame, icmp, message & ~1);
    if (message % 2 == 1) {
      sum += frame.unsignedByte(icmp + message - 1) << 8;
    }
    if (isIpv6) {
      sum += flow.source().sum() + flow.destination().sum() + message + FiveTuple.ICMPV6;
    }
    frame.putShort(icmp + 2, Checksum.ofSum(sum));
  }

  /** Writes the header of an answer to a packet. Its datagram is atomic (RFC 6864). */
  private static void putIp(Frame frame, ParsedFrame.Packet packet, int protocol, int length) {
    FiveTuple flow = packet.flow();
    if (packet.isIpv6()) {
      frame.putInt(NETWORK, 6 << 28);
      frame.putShort(NETWORK + 4, length);
      frame.putByte(NETWORK + 6, protocol);
      frame.putByte(NETWORK + 7, TTL);
      frame.putAddress(NETWORK + 8, flow.destination());
      frame.putAddress(NETWORK + 24, flow.source());
      return;
    }
    frame.putShort(NETWORK, 0x4500);
    frame.putShort(NETWORK + 2, IPV4_HEADER + length);
    frame.putInt(NETWORK + 4, DONT_FRAGMENT);
    frame.putByte(NETWORK + 8, TTL);
    frame.putByte(NETWORK + 9, protocol);
    frame.putShort(NETWORK + 10, 0);
    frame.putAddress(NETWORK + 12, flow.destination());
    frame.putAddress(NETWORK + 16, flow.source());
    frame.putShort(NETWORK + 10, Checksum.of(frame, NETWORK, IPV4_HEADER));
  }
}
