package dev.katran.fuzz.control;

import dev.katran.Flow;
import dev.katran.packets.Packet;
import java.net.Inet6Address;
import java.net.InetAddress;

/** A packet of a flow. */
record FlowPacket(Kind kind, Flow flow) {

  /** The role of the packet in its flow. */
  enum Kind {
    /** Opens a TCP connection. */
    SYN,
    /** Any other packet of a TCP connection, or any UDP datagram. */
    DATA,
    /** Aborts a TCP connection. */
    RST,
    /** An ICMP error from a router on the path to the client. */
    ERROR
  }

  private static final int FLAGS = 13;
  private static final int SYN = 0x02;
  private static final int RST = 0x04;

  byte[] frame() {
    return switch (kind) {
      case SYN -> withFlags(SYN);
      case DATA -> there().frame();
      case RST -> withFlags(RST);
      case ERROR -> error();
    };
  }

  private boolean isIpv6() {
    return flow.source() instanceof Inet6Address;
  }

  private Packet there() {
    return packet(flow.source(), flow.sourcePort(), flow.destination(), flow.destinationPort());
  }

  private Packet back() {
    return packet(flow.destination(), flow.destinationPort(), flow.source(), flow.sourcePort());
  }

  private Packet packet(InetAddress from, int fromPort, InetAddress to, int toPort) {
    return Fixtures.isTcp(flow)
        ? Packet.tcp(from, fromPort, to, toPort)
        : Packet.udp(from, fromPort, to, toPort);
  }

  private byte[] withFlags(int flags) {
    byte[] frame = there().frame();
    frame[Packet.NETWORK + (isIpv6() ? 40 : 20) + FLAGS] = (byte) flags;
    return frame;
  }

  private byte[] error() {
    String vip = flow.destination().getHostAddress();
    Packet error =
        isIpv6() ? Packet.icmp("2001:db8:ff::1", vip, 1, 0) : Packet.icmp("192.0.2.1", vip, 3, 1);
    return error.payload(back().ip()).frame();
  }
}
