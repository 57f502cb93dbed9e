package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.IPV4_HEADER;
import static dev.katran.internal.packet.Frame.IPV6_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;

/** Turns an echo request into its reply, in place; {@code echo.h} in Java. */
public final class EchoReply {

  private static final int ICMP_ECHO_REPLY = 0;
  private static final int ICMPV6_ECHO_REPLY = 129;
  private static final int TTL = 64;

  private EchoReply() {}

  /** Writes the reply over its request. */
  public static void write(Frame frame, boolean isIpv6) {
    if (isIpv6) {
      writeIpv6(frame);
    } else {
      writeIpv4(frame);
    }
    frame.swapMacs();
  }

  private static void writeIpv4(Frame frame) {
    int ttlAndProtocol = frame.unsignedShort(NETWORK + 8);
    frame.putByte(NETWORK + 8, TTL);
    frame.putShort(
        NETWORK + 10,
        Checksum.updated(
            frame.unsignedShort(NETWORK + 10), ttlAndProtocol, frame.unsignedShort(NETWORK + 8)));
    Address source = frame.ipv4Address(NETWORK + 12);
    frame.putAddress(NETWORK + 12, frame.ipv4Address(NETWORK + 16));
    frame.putAddress(NETWORK + 16, source);
    changeType(frame, NETWORK + IPV4_HEADER, ICMP_ECHO_REPLY);
  }

  /** The ICMPv6 checksum covers the addresses too, but swapping them does not change the sum. */
  private static void writeIpv6(Frame frame) {
    frame.putByte(NETWORK + 7, TTL);
    Address source = frame.ipv6Address(NETWORK + 8);
    frame.putAddress(NETWORK + 8, frame.ipv6Address(NETWORK + 24));
    frame.putAddress(NETWORK + 24, source);
    changeType(frame, NETWORK + IPV6_HEADER, ICMPV6_ECHO_REPLY);
  }

  private static void changeType(Frame frame, int icmp, int type) {
    int before = frame.unsignedShort(icmp);
    frame.putByte(icmp, type);
    frame.putShort(
        icmp + 2,
        Checksum.updated(frame.unsignedShort(icmp + 2), before, frame.unsignedShort(icmp)));
  }
}
