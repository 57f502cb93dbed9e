package dev.katran.internal.packet;

import static dev.katran.internal.packet.Frame.ICMP_HEADER;
import static dev.katran.internal.packet.Frame.NETWORK;

/**
 * Rewrites packets in place: their destination towards a backend, their source on the way back. An
 * address, a port, the TTL or hop limit, and the checksums that cover them change; {@code
 * rewrite.h} in Java.
 */
public final class Rewriter {

  /** The end of the packet that is rewritten. */
  public enum End {
    SOURCE,
    DESTINATION;

    private End other() {
      return this == SOURCE ? DESTINATION : SOURCE;
    }
  }

  private static final int UDP_CHECKSUM = 6;
  private static final int TCP_CHECKSUM = 16;

  private final Frame frame;
  private final boolean isIpv6;
  private final Address address;
  private final int port;

  private Rewriter(Frame frame, boolean isIpv6, Address address, int port) {
    this.frame = frame;
    this.isIpv6 = isIpv6;
    this.address = address;
    this.port = port;
  }

  /** Returns whether a packet can take one hop more. */
  public static boolean hasHop(Frame frame, boolean isIpv6) {
    return frame.unsignedByte(ttlOffset(isIpv6)) > 1;
  }

  private static int ttlOffset(boolean isIpv6) {
    return NETWORK + (isIpv6 ? 7 : 8);
  }

  /**
   * Rewrites a TCP or UDP packet or, at its other end too, the packet that an ICMP error quotes
   * (RFC 5508, section 4.2).
   *
   * @param address the new address, of the packet's family
   * @param port the new port, or 0 to keep it
   * @param hops what to take off the TTL or hop limit, which is larger
   */
  public static void rewrite(
      Frame frame, ParsedFrame.Packet packet, Address address, int port, End end, int hops) {
    new Rewriter(frame, packet.isIpv6(), address, port).rewrite(packet, end, hops);
  }

  private void rewrite(ParsedFrame.Packet packet, End end, int hops) {
    int difference = replaceAddress(NETWORK, end);
    int ofHops = takeHops(hops);
    if (!isIpv6) {
      patch(NETWORK + 10, difference + ofHops);
    }
    int protocol = packet.flow().protocol();
    if (packet.isIcmpError()) {
      int quoted = packet.transport() + ICMP_HEADER;
      int ofAddress = replaceAddress(quoted, end.other());
      int ofMessage = ofAddress;
      if (!isIpv6) {
        ofMessage += patch(quoted + 10, ofAddress);
      }
      ofMessage +=
          replaceTransport(packet.quoted(), packet.end(), protocol, end.other(), ofAddress);
      // the checksum of ICMPv6 covers the addresses as well
      patch(packet.transport() + 2, ofMessage + (isIpv6 ? difference : 0));
    } else {
      replaceTransport(packet.transport(), packet.end(), protocol, end, difference);
    }
  }

  private int takeHops(int hops) {
    int word = isIpv6 ? NETWORK + 6 : NETWORK + 8;
    int before = frame.unsignedShort(word);
    int offset = ttlOffset(isIpv6);
    frame.putByte(offset, frame.unsignedByte(offset) - hops);
    return hops == 0 ? 0 : difference(before, frame.unsignedShort(word));
  }

  /** Replaces an address of an IP header. Returns the difference of the sums of 16-bit words. */
  private int replaceAddress(int ip, End end) {
    int first = isIpv6 ? 8 : 12;
    int offset = ip + first + (end == End.SOURCE ? 0 : address.toByteArray().length);
    Address before = isIpv6 ? frame.ipv6Address(offset) : frame.ipv4Address(offset);
    frame.putAddress(offset, address);
    int words = address.toByteArray().length / 2;
    return words * 0xffff - before.sum() + address.sum();
  }

  /** Replaces a port, and patches the checksum if it is before {@code end} of the packet. */
  private int replaceTransport(int transport, int end, int protocol, End which, int ofAddress) {
    int ofPort = replacePort(which == End.SOURCE ? transport : transport + 2);
    if (protocol == FiveTuple.UDP) {
      return ofPort + patchUdp(transport + UDP_CHECKSUM, ofAddress + ofPort);
    }
    return end < transport + TCP_CHECKSUM + 2
        ? ofPort
        : ofPort + patch(transport + TCP_CHECKSUM, ofAddress + ofPort);
  }

  private int replacePort(int offset) {
    if (port == 0) {
      return 0;
    }
    int before = frame.unsignedShort(offset);
    frame.putShort(offset, port);
    return difference(before, port);
  }

  /** Patches a checksum. Returns the difference that this makes itself. */
  private int patch(int offset, int difference) {
    int before = frame.unsignedShort(offset);
    int after = Checksum.patched(before, difference);
    frame.putShort(offset, after);
    return difference(before, after);
  }

  /** A checksum of 0 means none. One that is computed as 0 is sent as its other form (RFC 768). */
  private int patchUdp(int offset, int difference) {
    int before = frame.unsignedShort(offset);
    if (before == 0) {
      return 0;
    }
    int computed = Checksum.patched(before, difference);
    int after = computed == 0 ? 0xffff : computed;
    frame.putShort(offset, after);
    return difference(before, after);
  }

  private static int difference(int before, int after) {
    return (~before & 0xffff) + after;
  }
}
