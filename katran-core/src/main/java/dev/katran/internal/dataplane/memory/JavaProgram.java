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
  private final HeapFragments fragments;
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
    this.fragments = new HeapFragments(config.flowRules().udpIdle(), clock);
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
    ParsedFrame parsed = FrameParser.parse(frame, features.walks(), this::countTooBig);
    return decide(frame, parsed, wasDecapsulated);
  }

  private Verdict decide(Frame frame, ParsedFrame parsed, boolean wasDecapsulated) {
    return switch (parsed) {
      case ParsedFrame.Decided(Verdict verdict) -> verdict;
      case ParsedFrame.Malformed malformed -> drop(Counter.Total.MALFORMED);
      case ParsedFrame.Refused(Address destination, ParsedFrame.Reason reason) ->
          dropOrPass(destination, reason, wasDecapsulated);
      case ParsedFrame.EchoRequest(Address source, Address destination) ->
          reply(frame, source, destination);
      case ParsedFrame.Packet packet when packet.isLaterFragment() ->
          forwardLaterFragment(frame, packet, wasDecapsulated);
      case ParsedFrame.Packet packet -> forward(frame, packet, needs(packet), wasDecapsulated);
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

  /** Returns the {@link VipFlags} that the packet's VIP must have. */
  private static int needs(ParsedFrame.Packet packet) {
    ParsedFrame.Special special = packet.special();
    if (special == null) {
      return 0;
    }
    return (special.needsOptions() ? VipFlags.IP_OPTIONS : 0)
        | (special.needsFragments() ? VipFlags.FRAGMENTS : 0);
  }

  /**
   * Forwards a fragment by the ports of the first one. Without them, only a VIP that hashes
   * addresses can take it.
   */
  private Verdict forwardLaterFragment(
      Frame frame, ParsedFrame.Packet fragment, boolean wasDecapsulated) {
    if ((features.vipFlags() & VipFlags.FRAGMENTS) == 0) {
      return otherwise(frame, fragment, wasDecapsulated);
    }
    FiveTuple recalled = fragments.recall(fragment);
    FiveTuple flow = recalled == null ? fragment.flow() : recalled;
    int needs = needs(fragment) | (recalled == null ? VipFlags.FRAGMENTS_BY_ADDRESS : 0);
    return flow.protocol() == FiveTuple.TCP || flow.protocol() == FiveTuple.UDP
        ? forward(frame, fragment.withFlow(flow), needs, wasDecapsulated)
        : otherwise(frame, fragment, wasDecapsulated);
  }

  /** Decides about a packet without a VIP that takes it. */
  private Verdict otherwise(Frame frame, ParsedFrame.Packet packet, boolean wasDecapsulated) {
    ParsedFrame.Special special = packet.special();
    return special == null ? Verdict.PASS : decide(frame, special.otherwise(), wasDecapsulated);
  }

  private Verdict forward(
      Frame frame, ParsedFrame.Packet packet, int needs, boolean wasDecapsulated) {
    HeapVipTable.Match match = vips.find(packet.flow(), features);
    if (match == null || (needs & ~match.vip().flags()) != 0) {
      if (needs != 0) {
        return otherwise(frame, packet, wasDecapsulated);
      }
      return features.rewrites() ? wayBack.sendOrPass(frame, packet) : Verdict.PASS;
    }
    if (packet.isFirstFragment() && !match.vip().has(VipFlags.FRAGMENTS_BY_ADDRESS)) {
      fragments.remember(packet, match.flow());
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
      // the header to rewrite of a packet with options, or of a fragment, is elsewhere or not there
      if (packet.isIpv6() != backend.address().isIpv6() || needs != 0) {
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

  /** Neither an ICMP error nor a later fragment may be answered with an ICMP error. */
  private boolean mayReplyError(ParsedFrame.Packet packet) {
    FiveTuple flow = packet.flow();
    return !packet.isIcmpError()
        && !packet.isLaterFragment()
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
