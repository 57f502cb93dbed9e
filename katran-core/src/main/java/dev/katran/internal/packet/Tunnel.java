package dev.katran.internal.packet;

/**
 * The tunnel headers in front of an inner packet; {@code struct tunnel} of {@code decap.h}.
 *
 * @param source the outer source
 * @param destination the outer destination
 * @param isGue whether the tunnel is GUE; otherwise it is IP in IP
 * @param innerIsIpv6 whether the inner packet is IPv6
 * @param headers the bytes between the Ethernet header and the inner IP header
 * @param trafficClass the outer traffic class
 * @param payload the bytes behind the headers, as those state them
 */
public record Tunnel(
    Address source,
    Address destination,
    boolean isGue,
    boolean innerIsIpv6,
    int headers,
    int trafficClass,
    int payload) {

  /** Returns whether the outer packet is IPv6. */
  public boolean isIpv6() {
    return destination.isIpv6();
  }

  /**
   * Returns whether the inner header is complete, of the version that the tunnel announces, and has
   * lengths that fit into the tunnel's payload.
   */
  public boolean isInnerWellFormed(Frame frame) {
    return IpHeader.read(frame, inner(), payload, innerIsIpv6) != null;
  }

  /** Returns the offset of the inner IP header. */
  public int inner() {
    return Frame.NETWORK + headers;
  }
}
