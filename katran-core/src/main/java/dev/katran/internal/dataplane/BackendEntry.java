package dev.katran.internal.dataplane;

import dev.katran.Forwarding;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Hop;
import java.net.Inet4Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * How a backend is reached: {@code struct katran_backend} of {@code katran.h}.
 *
 * @param address the backend's address: the destination of the outer header or, if it is rewritten,
 *     of the packet
 * @param port the destination port of a rewritten packet, 0 to 65535; 0 keeps the packet's
 * @param forwarding how packets reach the backend. GUE requires a source address of the backend's
 *     family in {@link DataplaneConfig#gue}, rewriting a VIP of that family that is no prefix
 * @param local whether this host is the backend: its packets for a VIP with {@link VipFlags#LOCAL}
 *     pass to the host
 * @param hop the next hop, or null while it is unresolved: the backend's packets are dropped
 */
public record BackendEntry(
    InetAddress address, int port, Forwarding forwarding, boolean local, @Nullable Hop hop) {

  /** The room of a tunnel whose path has an unknown MTU: no packet is longer. */
  private static final int ANY = 0xffff;

  /** Returns the size of the outer headers without the Ethernet header, in bytes; 0 if none. */
  public static int overhead(InetAddress address, Forwarding forwarding) {
    int ip = address instanceof Inet4Address ? Frame.IPV4_HEADER : Frame.IPV6_HEADER;
    return switch (forwarding) {
      case Forwarding.Ipip ipip -> ip;
      case Forwarding.Gue gue -> ip + Frame.UDP_HEADER;
      case Forwarding.Rewrite rewrite -> 0;
      case Forwarding.Direct direct -> 0;
    };
  }

  /** Returns the length of the longest packet that fits on the way, in bytes, 0 to 65535. */
  public int room() {
    return hop == null || hop.mtu() == 0
        ? ANY
        : Math.clamp(hop.mtu() - overhead(address, forwarding), 0, ANY);
  }

  /** Returns the MTU of a hop that leaves this room, or 0 if it is unknown. */
  public int mtuOf(int room) {
    return room == ANY ? 0 : room + overhead(address, forwarding);
  }

  /** Creates a backend at the packet's own port. */
  public BackendEntry(
      InetAddress address, Forwarding forwarding, boolean local, @Nullable Hop hop) {
    this(address, 0, forwarding, local, hop);
  }

  /** Creates a backend on another host. */
  public BackendEntry(InetAddress address, Forwarding forwarding, @Nullable Hop hop) {
    this(address, forwarding, false, hop);
  }

  /** Creates a backend on another host that uses IPIP. */
  public BackendEntry(InetAddress address, @Nullable Hop hop) {
    this(address, Forwarding.ipip(), hop);
  }
}
