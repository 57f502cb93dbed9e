package dev.katran.internal.dataplane.memory;

import dev.katran.Forwarding;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.ForwardingProgram;
import dev.katran.internal.dataplane.FrameLength;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.EchoReply;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.FrameParser;
import dev.katran.internal.packet.Hop;
import dev.katran.internal.packet.ParsedFrame;
import dev.katran.internal.packet.Rewriter;
import dev.katran.internal.packet.TimeExceededReply;
import dev.katran.internal.packet.TooBigReply;
import java.time.Duration;
import java.util.function.LongSupplier;

/** The path of a frame through the dataplane; {@code balancer.bpf.c} in Java. */
final class JavaProgram implements ForwardingProgram {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final DataplaneConfig config;
  private final TunnelTermination tunnelTermination;
  private final HeapVipTable vips;
  private final WayBack wayBack;
  private final Chooser chooser;
  private final Forwarder forwarder;
  private final FlowTracker tracker;
  private final HeapCounters counters;
  private final RateLimit errors;
  private final RateLimit echoReplies;

  private volatile Features features = Features.NONE;

  JavaProgram(
      DataplaneConfig config,
      TunnelTermination tunnelTermination,
      HeapVipTable vips,
      WayBack wayBack,
      Chooser chooser,
      FlowTracker tracker,
      HeapCounters counters,
      LongSupplier clock) {
    this.config = config;
    this.tunnelTermination = tunnelTermination;
    this.vips = vips;
    this.wayBack = wayBack;
    this.chooser = chooser;
    this.forwarder = new Forwarder(config);
    this.tracker = tracker;
    this.counters = counters;
    this.errors = new RateLimit(config.answersPerSecond(), SECOND, clock);
    this.echoReplies = new RateLimit(config.answersPerSecond(), SECOND, clock);
  }

  @Override
  public synchronized void use(Features features) {
    this.features = features;
    if (!features.tracksFlows()) {
      tracker.clear();
    }
  }

  /** Runs one frame at a time, which makes lookup and insertion of a flow atomic. */
  @Override
  public synchronized Simulation run(byte[] bytes) {
    FrameLength.check(bytes.length);
    Frame frame = new Frame(bytes);
    Verdict verdict = isForUs(frame) ? receive(frame) : Verdict.PASS;
    counters.add(
        switch (verdict) {
          case TX -> Counter.Total.TX;
          case DROP -> Counter.Total.DROP;
          case PASS -> Counter.Total.PASS;
        },
        bytes.length);
    return new Simulation(verdict, frame.toByteArray());
  }

  private boolean isForUs(Frame frame) {
    DataplaneConfig.OwnInterface own = config.own();
    return frame.isFor(own == null ? null : own.mac());
  }

  private Verdict receive(Frame frame) {
    return switch (tunnelTermination.terminate(frame, features)) {
      case TunnelTermination.Outcome.Decided(Verdict decided) -> decided;
      case TunnelTermination.Outcome.Continue(boolean wasDecapsulated) ->
          balance(frame, wasDecapsulated);
    };
  }

  private Verdict balance(Frame frame, boolean wasDecapsulated) {
    return switch (FrameParser.parse(frame, this::countTooBig)) {
      case ParsedFrame.Decided(Verdict verdict) -> verdict;
      case ParsedFrame.Malformed malformed -> drop(Counter.Total.MALFORMED);
      case ParsedFrame.Refused(Address destination, ParsedFrame.Reason reason) ->
          dropOrPass(destination, reason, wasDecapsulated);
      case ParsedFrame.EchoRequest(Address source, Address destination) ->
          reply(frame, source, destination);
      case ParsedFrame.Packet packet -> forward(frame, packet, wasDecapsulated);
    };
  }

  private void countTooBig(boolean isIpv6, boolean isSmall) {
    counters.add(isIpv6 ? Counter.Total.PTB_V6 : Counter.Total.PTB_V4);
    if (isSmall) {
      counters.add(isIpv6 ? Counter.Total.PTB_V6_SMALL : Counter.Total.PTB_V4_SMALL);
    }
  }

  /**
   * Decides about a packet that cannot be balanced. Passes it if it is for no VIP, unless it is
   * malformed and came in a tunnel: what ended a tunnel is not passed on unread.
   */
  private Verdict dropOrPass(
      Address destination, ParsedFrame.Reason reason, boolean wasDecapsulated) {
    boolean isUnreadable = wasDecapsulated && reason == ParsedFrame.Reason.MALFORMED;
    return isUnreadable || vips.isVipAddress(destination, features)
        ? drop(counter(reason))
        : Verdict.PASS;
  }

  private Verdict drop(Counter.Total counter) {
    counters.add(counter);
    return Verdict.DROP;
  }

  private static Counter.Total counter(ParsedFrame.Reason reason) {
    return switch (reason) {
      case MALFORMED -> Counter.Total.MALFORMED;
      case IP_OPTIONS -> Counter.Total.IP_OPTIONS;
      case FRAGMENT -> Counter.Total.FRAGMENTS;
    };
  }

  private Verdict reply(Frame frame, Address source, Address destination) {
    if (!vips.isVipAddress(destination, features)) {
      return Verdict.PASS;
    }
    if (!mayAnswer(source, destination) || !isWithin(echoReplies)) {
      return Verdict.DROP;
    }
    EchoReply.write(frame, destination.isIpv6());
    return Verdict.TX;
  }

  private Verdict forward(Frame frame, ParsedFrame.Packet packet, boolean wasDecapsulated) {
    HeapVipTable.Match match = vips.find(packet.flow(), features);
    if (match == null) {
      return features.rewrites() ? wayBack.sendOrPass(frame, packet) : Verdict.PASS;
    }
    int maxPacketSize = config.limits().maxPacketSize();
    if (frame.length() > maxPacketSize) {
      boolean isPadded = packet.end() <= maxPacketSize;
      return isPadded ? Verdict.DROP : replyTooBig(frame, packet, maxPacketSize - Frame.NETWORK);
    }
    Chooser.Choice choice = chooser.choose(frame, packet, match, features);
    if (choice == null) {
      return Verdict.DROP;
    }
    HeapBackends.Entry backend = choice.backend();
    VipEntry vip = match.vip();
    if (vip.has(VipFlags.LOCAL) && backend.local()) {
      count(packet, vip, choice, wasDecapsulated);
      return Verdict.PASS;
    }
    Hop hop = backend.hop();
    if (hop == null) {
      counters.add(Counter.Total.BACKEND_UNKNOWN);
      return Verdict.DROP;
    }
    if (packet.end() - Frame.NETWORK > backend.room()) {
      return replyTooBig(frame, packet, backend.room());
    }
    Forwarding forwarding = used(backend.forwarding());
    if (forwarding instanceof Forwarding.Rewrite) {
      if (packet.isIpv6() != backend.address().isIpv6()) {
        return drop(Counter.Total.NOT_REWRITABLE);
      }
      if (!Rewriter.hasHop(frame, packet.isIpv6())) {
        return replyTimeExceeded(frame, packet);
      }
    }
    forwarder.prepare(frame, packet, choice.flow(), backend, forwarding, hop);
    count(packet, vip, choice, wasDecapsulated);
    return Verdict.TX;
  }

  /** Returns IPIP in place of a forwarding that the program is not specialised for. */
  private Forwarding used(Forwarding forwarding) {
    boolean isUsed =
        switch (forwarding) {
          case Forwarding.Ipip ipip -> true;
          case Forwarding.Gue gue -> features.gue();
          case Forwarding.Rewrite rewrite -> features.rewrites();
          case Forwarding.Direct direct -> features.directs();
        };
    return isUsed ? forwarding : Forwarding.ipip();
  }

  private Verdict replyTooBig(Frame frame, ParsedFrame.Packet packet, int mtu) {
    if (!config.sendPacketTooBig() || !mayReplyError(packet)) {
      return Verdict.DROP;
    }
    boolean isIpv6 = packet.isIpv6();
    TooBigReply.write(frame, isIpv6, mtu);
    counters.add(isIpv6 ? Counter.Total.TOO_BIG_V6 : Counter.Total.TOO_BIG_V4);
    return Verdict.TX;
  }

  private Verdict replyTimeExceeded(Frame frame, ParsedFrame.Packet packet) {
    if (!mayReplyError(packet)) {
      return Verdict.DROP;
    }
    TimeExceededReply.write(frame, packet.isIpv6());
    counters.add(Counter.Total.TIME_EXCEEDED);
    return Verdict.TX;
  }

  /** An ICMP error must not be answered with another. */
  private boolean mayReplyError(ParsedFrame.Packet packet) {
    FiveTuple flow = packet.flow();
    return !packet.isIcmpError()
        && mayAnswer(flow.source(), flow.destination())
        && isWithin(errors);
  }

  private static boolean mayAnswer(Address source, Address destination) {
    return source.isUnicast() && !source.equals(destination);
  }

  private boolean isWithin(RateLimit answers) {
    if (answers.take()) {
      return true;
    }
    counters.add(Counter.Total.ANSWERS_LIMITED);
    return false;
  }

  private void count(
      ParsedFrame.Packet packet, VipEntry vip, Chooser.Choice choice, boolean wasDecapsulated) {
    int bytes = packet.bytes();
    counters.add(new Counter.OfVip(vip.number(), Counter.VipEvent.FORWARDED), bytes);
    if (wasDecapsulated) {
      counters.add(new Counter.OfVip(vip.number(), Counter.VipEvent.DECAPSULATED), bytes);
    }
    counters.add(new Counter.OfBackend(choice.number()), bytes);
    if (choice.missed() && vip.has(VipFlags.WATCHED)) {
      counters.add(new Counter.WatchedMisses(choice.number()), bytes);
    }
  }
}
