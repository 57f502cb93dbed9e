package dev.katran.internal.dataplane.memory;

import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Ecn;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.packet.ParsedFrame;

/** Encapsulates packets for their backend; {@code forward.h} in Java. */
final class Forwarder {

  private final TrafficClass trafficClass;
  private final boolean copyDontFragment;
  private final Ipip ipip;
  private final Gue gue;

  Forwarder(DataplaneConfig config) {
    this.trafficClass = config.trafficClass();
    this.copyDontFragment = config.copyDontFragment();
    this.ipip = new Ipip(config.ipipSources());
    this.gue = new Gue(config.gue());
  }

  /**
   * Encapsulates the frame's packet.
   *
   * @param flow the flow that the outer header is derived from
   * @param backend the backend's address
   * @param usesGue whether to use GUE instead of IPIP
   * @param hop the next hop
   */
  void encapsulate(
      Frame frame,
      ParsedFrame.Packet packet,
      FiveTuple flow,
      Address backend,
      boolean usesGue,
      Hop hop) {
    boolean dontFragment = copyDontFragment && packet.dontFragment();
    Outer outer = new Outer(frame, outerTrafficClass(packet), dontFragment, backend);
    if (usesGue) {
      gue.encapsulate(outer, packet, flow, hop);
    } else {
      ipip.encapsulate(outer, packet, flow, hop);
    }
  }

  /** Returns the outer traffic class. The ECN field is the packet's own (RFC 6040, section 4.1). */
  private int outerTrafficClass(ParsedFrame.Packet packet) {
    return switch (trafficClass) {
      case TrafficClass.Copied copied -> packet.trafficClass();
      case TrafficClass.Fixed(int value) ->
          (value & ~Ecn.MASK) | (packet.trafficClass() & Ecn.MASK);
    };
  }
}
