package dev.katran.fuzz.invariants;

/** What must hold for every frame. */
public enum Invariant {
  /** A bridge floods such frames, and every host on the segment sees them (IEEE 802.3). */
  GROUP_MAC("a frame to a group MAC address passes unchanged"),

  /** As Linux treats PACKET_OTHERHOST. */
  FOREIGN_MAC("a frame to another MAC address than our own, if that is known, passes unchanged"),

  /** Linux drops such packets in ip_rcv and ip6_rcv; RFC 1122, section 3.2.1.1. */
  WELL_FORMED("a packet with a wrong version or with lengths that do not fit is never sent"),

  HOST_TRAFFIC("a frame that is for no VIP and no tunnel endpoint passes"),

  UNCHANGED("a frame that is not sent changes only by the tunnels that end here"),

  DECAPSULATION("a tunnel ends only at a tunnel endpoint and costs the inner packet one hop"),

  /** RFC 6040, sections 4.1 and 4.2. */
  ECN("a tunnel neither invents nor loses a congestion mark"),

  FORWARDED("only an unfragmented packet of a VIP's flow, or an error about one, is forwarded"),

  BACKEND("a packet goes to a living backend of its VIP"),

  SOURCE_MAC("a sent frame has a unicast source MAC address of ours"),

  DESTINATION_MAC("a sent frame goes to the backend's next hop, an answer to its asker"),

  LENGTHS("each length of a sent frame is that of the bytes it covers"),

  CHECKSUMS("the checksums of a sent frame are right, if those of its packet were"),

  OUTER_HEADER("an outer header has the fields that its encapsulation prescribes"),

  PAYLOAD("a sent frame carries the packet that came in, byte for byte"),

  /** RFC 1122, section 3.2.2.6; RFC 4443, section 4.2. */
  ECHO_REPLY("only an echo request from a unicast address to an address that answers is answered"),

  /** RFC 1122, section 3.2.2; RFC 1191, section 4; RFC 4443, section 2.4; RFC 8200, section 5. */
  TOO_BIG("only a packet that is too big, from a unicast address, is answered with the MTU"),

  /** RFC 1812, section 5.3.1; RFC 4443, section 3.3. */
  TIME_EXCEEDED("only a packet of a VIP that has no hop left is answered with that");

  private final String text;

  Invariant(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return name() + ": " + text;
  }
}
