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
   * @param bytes IPv4: total length, IPv6: payload length, whatever the frame's own length
   * @param trafficClass or IPv4's TOS
   */
  record Packet(FiveTuple flow, int bytes, int trafficClass) implements Parsed {

    boolean isIpv6() {
      return flow.source().isIpv6();
    }

    /** Length of the packet with its IP header, as that header has it. */
    int totalLength() {
      return isIpv6() ? Frame.IPV6_HEADER + bytes : bytes;
    }
  }
}
