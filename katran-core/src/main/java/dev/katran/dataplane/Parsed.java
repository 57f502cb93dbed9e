package dev.katran.dataplane;

import dev.katran.Verdict;

/** What the headers of a frame say. */
sealed interface Parsed {

  /** Nothing to balance. */
  record Settled(Verdict verdict) implements Parsed {}

  /** An echo request, with all of its ICMP header there. */
  record EchoRequest(Address destination) implements Parsed {}

  /**
   * A packet of a connection, or an ICMP error about one.
   *
   * @param flow the connection; of the same family as the packet
   * @param isError whether it is an ICMP error
   * @param tcpFlags the flags of a segment; 0 for everything else
   * @param bytes IPv4: total length, IPv6: payload length, whatever the frame's own length
   * @param trafficClass or IPv4's TOS
   */
  record Packet(FiveTuple flow, boolean isError, int tcpFlags, int bytes, int trafficClass)
      implements Parsed {

    private static final int SYN = 1 << 1;
    private static final int RST = 1 << 2;

    boolean isSyn() {
      return (tcpFlags & SYN) != 0;
    }

    boolean isRst() {
      return (tcpFlags & RST) != 0;
    }

    /** Whether it is a packet of the flow itself, and of this protocol. */
    boolean isOwn(int protocol) {
      return !isError && flow.protocol() == protocol;
    }

    /** Where the transport header is, if it is a packet of the flow itself. */
    int transport() {
      return Frame.NETWORK + (isIpv6() ? Frame.IPV6_HEADER : Frame.IPV4_HEADER);
    }

    boolean isIpv6() {
      return flow.source().isIpv6();
    }

    /** Length of the packet with its IP header, as that header has it. */
    int totalLength() {
      return isIpv6() ? Frame.IPV6_HEADER + bytes : bytes;
    }
  }
}
