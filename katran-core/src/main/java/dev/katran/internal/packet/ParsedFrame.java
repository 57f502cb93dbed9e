package dev.katran.internal.packet;

import dev.katran.Verdict;

/** The result of parsing a frame's headers. */
public sealed interface ParsedFrame {

  /** A frame with a final verdict. */
  record Decided(Verdict verdict) implements ParsedFrame {}

  /** A frame whose IP header is not well-formed. Any receiver would drop it. */
  enum Malformed implements ParsedFrame {
    /** The only instance. */
    INSTANCE
  }

  /** Why a packet cannot be balanced. */
  enum Reason {
    /** Its transport header is incomplete, or states a wrong length. */
    MALFORMED,
    /** It has IPv4 options, or is an ICMP error about a packet with some. */
    IP_OPTIONS,
    /** It is a fragment. */
    FRAGMENT
  }

  /**
   * A packet that cannot be balanced. It is dropped if it is for a VIP's address, and otherwise the
   * host's.
   */
  record Refused(Address destination, Reason reason) implements ParsedFrame {}

  /** An echo request with a complete ICMP header. */
  record EchoRequest(Address source, Address destination) implements ParsedFrame {}

  /**
   * A packet of a flow, or an ICMP error about one.
   *
   * @param flow the flow, of the same family as the packet
   * @param quoted the offset of the UDP or TCP header that an ICMP error about the flow quotes, or
   *     0 for other packets
   * @param tcpFlags the flags of a TCP segment, or 0 for other packets
   * @param bytes the IPv4 total length or IPv6 payload length, as the header states it
   * @param trafficClass the IPv6 traffic class or IPv4 TOS
   * @param dontFragment the IPv4 DF flag; true for IPv6
   */
  record Packet(
      FiveTuple flow, int quoted, int tcpFlags, int bytes, int trafficClass, boolean dontFragment)
      implements ParsedFrame {

    private static final int SYN = 1 << 1;
    private static final int RST = 1 << 2;
    private static final int ACK = 1 << 4;

    /** Returns whether the packet is an ICMP error about the flow. */
    public boolean isIcmpError() {
      return quoted != 0;
    }

    /** Returns whether the ICMP error quotes an IPv6 packet with a fragment header. */
    public boolean isQuotedFragment() {
      return isIcmpError()
          && isIpv6()
          && quoted != transport() + Frame.ICMP_HEADER + Frame.IPV6_HEADER;
    }

    /** Returns whether this is a TCP segment that opens a connection: SYN without ACK. */
    public boolean isSyn() {
      return (tcpFlags & (SYN | ACK)) == SYN;
    }

    /** Returns whether this is a TCP segment with RST. */
    public boolean isRst() {
      return (tcpFlags & RST) != 0;
    }

    /** Returns the offset of the packet's transport header, for ICMP errors that of ICMP. */
    public int transport() {
      return Frame.NETWORK + (isIpv6() ? Frame.IPV6_HEADER : Frame.IPV4_HEADER);
    }

    /** Returns the offset behind the packet, as its IP header states it. */
    public int end() {
      return Frame.NETWORK + totalLength();
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
