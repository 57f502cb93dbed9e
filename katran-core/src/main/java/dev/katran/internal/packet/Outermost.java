package dev.katran.internal.packet;

/** The result of parsing a frame's outermost headers for a tunnel. */
public sealed interface Outermost {

  /** A result without a tunnel. */
  enum Other implements Outermost {
    /** The packet is not in a tunnel. */
    NO_TUNNEL,
    /** The packet is truncated, a fragment, or has IPv4 options. */
    UNREADABLE
  }

  /**
   * A packet in a tunnel.
   *
   * @param destination the outer destination
   * @param isGue whether the tunnel is GUE; otherwise it is IP in IP
   * @param innerIsIpv6 whether the inner packet is IPv6
   * @param headers the bytes between the Ethernet header and the inner IP header
   */
  record Tunnel(Address destination, boolean isGue, boolean innerIsIpv6, int headers)
      implements Outermost {

    /** Returns whether the outer packet is IPv6. */
    public boolean isIpv6() {
      return destination.isIpv6();
    }
  }
}
