package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.internal.packet.Hop;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns if the paths to backends have no room for the outer headers. Nothing else tells: a frame
 * that exceeds the MTU counts as forwarded, and is lost in the driver or on the way.
 */
final class TunnelRoom {

  private static final Logger log = LoggerFactory.getLogger(TunnelRoom.class);

  private static final int ETHERNET_HEADER = 14;

  /** Paths with the same numbers. */
  private record Path(int mtu, int overhead) {}

  private final int maxPacket;
  private final Set<Path> warned = new HashSet<>();

  /**
   * Creates a check.
   *
   * @param maxPacketSize the length of the longest frame, with its Ethernet header
   */
  TunnelRoom(int maxPacketSize) {
    this.maxPacket = maxPacketSize - ETHERNET_HEADER;
  }

  /** Warns once for each combination of MTU and outer headers that leaves too little room. */
  void check(BackendKey backend, Delivery delivery, Hop hop) {
    if (delivery.local() || hop.mtu() == 0) {
      return;
    }
    int overhead = delivery.overhead(backend.address());
    int room = hop.mtu() - overhead;
    if (room < maxPacket && warned.add(new Path(hop.mtu(), overhead))) {
      log.warn(
          "packets of {} to {} bytes do not fit in the tunnel to backend {}, and others like it: its"
              + " path has an MTU of {}, of which {} takes {}. Raise the MTU to {}, or lower"
              + " Limits.maxPacketSize to {}",
          room + 1,
          maxPacket,
          backend,
          hop.mtu(),
          delivery.encapsulation(),
          overhead,
          maxPacket + overhead,
          room + ETHERNET_HEADER);
    }
  }
}
