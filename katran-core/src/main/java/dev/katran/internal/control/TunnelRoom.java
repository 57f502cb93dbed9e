package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.internal.packet.Hop;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns if the paths to backends have no room for the longest packets and the outer headers. Such
 * packets are not forwarded.
 */
final class TunnelRoom {

  private static final Logger log = LoggerFactory.getLogger(TunnelRoom.class);

  private static final int ETHERNET_HEADER = 14;

  /** Paths with the same numbers. */
  private record Path(int mtu, int overhead) {}

  private final int maxPacket;
  private final boolean answers;
  private final Set<Path> warned = new HashSet<>();

  /**
   * Creates a check.
   *
   * @param maxPacketSize the length of the longest frame, with its Ethernet header
   * @param answers whether the senders of packets that are too long are told
   */
  TunnelRoom(int maxPacketSize, boolean answers) {
    this.answers = answers;
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
          "packets of {} to {} bytes do not fit on the way to backend {}, and others like it: its"
              + " path has an MTU of {}, of which {} takes {}. {}; raise the MTU to {} to forward"
              + " them",
          room + 1,
          maxPacket,
          backend,
          hop.mtu(),
          delivery.forwarding(),
          overhead,
          answers ? "Their senders are told to send shorter ones" : "They are dropped",
          maxPacket + overhead);
    }
  }
}
