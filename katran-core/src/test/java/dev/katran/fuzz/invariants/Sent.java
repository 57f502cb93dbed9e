package dev.katran.fuzz.invariants;

import org.jspecify.annotations.Nullable;

/** Reads frames that were sent. */
final class Sent {

  private Sent() {}

  /** Returns the outermost packet of a frame. Without one, adds a finding and returns null. */
  static @Nullable IpPacket read(byte[] sent, Findings findings) {
    Ethernet ethernet = Ethernet.read(sent);
    IpPacket packet =
        ethernet.isIp()
            ? IpPacket.read(sent, Ethernet.HEADER, sent.length, ethernet.isIpv6())
            : null;
    findings.expect(
        packet != null,
        Invariant.LENGTHS,
        "no IP header can be read behind EtherType %04x",
        ethernet.type());
    return packet;
  }
}
