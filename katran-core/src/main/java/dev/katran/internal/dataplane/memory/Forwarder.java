package dev.katran.internal.dataplane.memory;

import dev.katran.Forwarding;
import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Ecn;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.packet.ParsedFrame;
import dev.katran.internal.packet.Rewriter;

/** Prepares packets for their backend; {@code forward.h} in Java. */
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
   * Prepares the frame to be sent.
   *
   * @param flow the flow that the outer header of a tunnel is derived from
   * @param forwarding how the backend is reached. A packet that is rewritten is of its family and
   *     has a hop left
   * @param hop the next hop
   */
  void prepare(
      Frame frame,
      ParsedFrame.Packet packet,
      FiveTuple flow,
      HeapBackends.Entry backend,
      Forwarding forwarding,
      Hop hop) {
    switch (forwarding) {
      case Forwarding.Ipip none ->
          ipip.encapsulate(outer(frame, packet, backend.address()), packet, flow, hop);
      case Forwarding.Gue none ->
          gue.encapsulate(outer(frame, packet, backend.address()), packet, flow, hop);
      case Forwarding.Rewrite none -> {
        Rewriter.rewrite(
            frame, packet, backend.address(), backend.port(), Rewriter.End.DESTINATION, 1);
        frame.address(hop);
      }
      case Forwarding.Direct none -> frame.address(hop);
    }
  }

  private Outer outer(Frame frame, ParsedFrame.Packet packet, Address backend) {
    boolean dontFragment = copyDontFragment && packet.dontFragment();
    return new Outer(frame, outerTrafficClass(packet), dontFragment, backend);
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
