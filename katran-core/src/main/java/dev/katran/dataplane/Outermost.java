package dev.katran.dataplane;

/** What a frame's outermost IP header says of a tunnel. */
sealed interface Outermost {

  /** Where there is no tunnel. */
  enum Other implements Outermost {
    /** Something else. */
    NO_TUNNEL,
    /** Cut short, a fragment, or with options. */
    UNREADABLE
  }

  /**
   * A tunnel.
   *
   * @param destination where it ends
   * @param isGue whether it is GUE; IPIP, 6in4 and the like if not
   * @param innerIsIpv6 what is in it
   * @param headers bytes before the inner IP header, Ethernet's not included
   */
  record Tunnel(Address destination, boolean isGue, boolean innerIsIpv6, int headers)
      implements Outermost {

    boolean isIpv6() {
      return destination.isIpv6();
    }
  }
}
