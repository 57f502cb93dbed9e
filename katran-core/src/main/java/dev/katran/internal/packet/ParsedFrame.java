package dev.katran.internal.packet;

import dev.katran.Verdict;

/** The result of parsing a frame's headers. */
public sealed interface ParsedFrame {

  /** A frame with a final verdict. */
  record Decided(Verdict verdict) implements ParsedFrame {}

  /** An echo request with a complete ICMP header. */
  record EchoRequest(Address destination) implements ParsedFrame {}

  /**
   * A packet of a flow, or an ICMP error about one.
   *
   * @param flow the flow, of the same family as the packet
   * @param isIcmpError whether the packet is an ICMP error about the flow
   * @param tcpFlags the flags of a TCP segment, or 0 for other packets
   * @param bytes the IPv4 total length or IPv6 payload length, as the header states it
   * @param trafficClass the IPv6 traffic class or IPv4 TOS
   */
  record Packet(FiveTuple flow, boolean isIcmpError, int tcpFlags, int bytes, int trafficClass)
      implements ParsedFrame {

    private static final int SYN = 1 << 1;
    private static final int RST = 1 << 2;

    /** Returns whether this is a TCP segment with SYN. */
    public boolean isSyn() {
      return (tcpFlags & SYN) != 0;
    }

    /** Returns whether this is a TCP segment with RST. */
    public boolean isRst() {
      return (tcpFlags & RST) != 0;
    }

    /** Returns the offset of the flow's transport header. Not valid for ICMP errors. */
    public int transport() {
      return Frame.NETWORK + (isIpv6() ? Frame.IPV6_HEADER : Frame.IPV4_HEADER);
    }

    /** Returns whether the packet is IPv6. */
    public boolean isIpv6() {
      return flow.source().isIpv6();
    }

    /** Returns the length of the packet with its IP header, as the header states it. */
    public int totalLength() {
      return isIpv6() ? Frame.IPV6_HEADER + bytes : bytes;
    }
  }
}
