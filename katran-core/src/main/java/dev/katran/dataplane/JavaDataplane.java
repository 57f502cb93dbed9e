package dev.katran.dataplane;

import dev.katran.Count;
import dev.katran.Encapsulation;
import dev.katran.Footprint;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The dataplane in plain Java: the same contract as the program in the kernel, byte for byte, for
 * frames that are given to it.
 */
public final class JavaDataplane implements Dataplane {

  private final DataplaneConfig config;
  private final CounterTable counters = new CounterTable();
  private final HashNumberTable<Integer, Integer> serverIds =
      new HashNumberTable<>(Function.identity());
  private final HashNumberTable<DownKey, DownKey> down = new HashNumberTable<>(Function.identity());
  private final HashNumberTable<InetAddress, Address> tunnelEnds =
      new HashNumberTable<>(Address::of);
  private final SourceRoutes sourceRoutes = new SourceRoutes();
  private final VipTable vips = new VipTable(counters);
  private final Backends backends;
  private final FlowTracker tracker;
  private final ServerIdRouting serverIdRouting;
  private final Chooser chooser;
  private final TunnelExit tunnelExit;
  private final Encapsulator encapsulator;

  private volatile Features features = Features.NONE;

  /** A dataplane that has no VIPs yet. */
  public JavaDataplane(DataplaneConfig config) {
    this(config, System::nanoTime);
  }

  /** A dataplane that tells the time by this clock, which counts nanoseconds. */
  public JavaDataplane(DataplaneConfig config, LongSupplier clock) {
    this.config = config;
    this.backends = new Backends(config);
    this.tracker = new FlowTracker(config, backends, counters, clock);
    this.serverIdRouting = new ServerIdRouting(config, serverIds, backends, tracker, counters);
    this.chooser =
        new Chooser(
            config.limits(),
            serverIdRouting,
            tracker,
            down,
            sourceRoutes,
            backends,
            new UnsettledSlots(config, tracker, backends, down, counters, clock),
            counters);
    this.tunnelExit = new TunnelExit(config, tunnelEnds, counters);
    this.encapsulator = new Encapsulator(config);
  }

  /** One frame at a time: to look a flow up and to enter it is one step. */
  @Override
  public synchronized Simulation run(byte[] bytes) {
    FrameLength.check(bytes.length);
    Frame frame = new Frame(bytes);
    Verdict verdict =
        switch (tunnelExit.leave(frame)) {
          case TunnelExit.Outcome.Settled(Verdict settled) -> settled;
          case TunnelExit.Outcome.Balanced(boolean wasDecapsulated) ->
              balance(frame, wasDecapsulated);
        };
    counters.add(
        switch (verdict) {
          case TX -> Counter.Total.TX;
          case DROP -> Counter.Total.DROP;
          case PASS -> Counter.Total.PASS;
        },
        bytes.length);
    return new Simulation(verdict, frame.toByteArray());
  }

  private Verdict balance(Frame frame, boolean wasDecapsulated) {
    return switch (FrameParser.parse(frame, counters)) {
      case Parsed.Settled(Verdict verdict) -> verdict;
      case Parsed.EchoRequest(Address destination) -> reply(frame, destination);
      case Parsed.Packet packet -> forward(frame, packet, wasDecapsulated);
    };
  }

  private Verdict reply(Frame frame, Address destination) {
    if (!vips.answersPing(destination, features)) {
      return Verdict.PASS;
    }
    EchoReply.write(frame, destination.isIpv6());
    return Verdict.TX;
  }

  private Verdict forward(Frame frame, Parsed.Packet packet, boolean wasDecapsulated) {
    VipTable.Match match = vips.find(packet.flow(), features);
    if (match == null) {
      return Verdict.PASS;
    }
    if (frame.length() > config.maxPacketSize()) {
      return refuse(frame, packet);
    }
    Chooser.Choice choice = chooser.choose(frame, packet, match, features);
    if (choice == null) {
      return Verdict.DROP;
    }
    Backends.Known backend = choice.backend();
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
    boolean gue = features.gue() && backend.encapsulation() instanceof Encapsulation.Gue;
    encapsulator.encapsulate(frame, packet, choice.flow(), backend.address(), gue, hop);
    count(packet, vip, choice, wasDecapsulated);
    return Verdict.TX;
  }

  private Verdict refuse(Frame frame, Parsed.Packet packet) {
    if (!config.answerTooBig()) {
      return Verdict.DROP;
    }
    boolean isIpv6 = packet.isIpv6();
    Verdict verdict = TooBigAnswer.write(frame, isIpv6, config.maxPacketSize());
    if (verdict == Verdict.TX) {
      counters.add(isIpv6 ? Counter.Total.TOO_BIG_V6 : Counter.Total.TOO_BIG_V4);
    }
    return verdict;
  }

  private void count(
      Parsed.Packet packet, VipEntry vip, Chooser.Choice choice, boolean wasDecapsulated) {
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

  @Override
  public synchronized void use(Features features) {
    this.features = features;
    if (!features.remembersFlows()) {
      tracker.clear();
    }
  }

  @Override
  public NumberTable<Integer> serverIds() {
    return serverIds;
  }

  @Override
  public NumberTable<Prefix> sourceRoutes() {
    return sourceRoutes;
  }

  @Override
  public NumberTable<DownKey> down() {
    return down;
  }

  @Override
  public NumberTable<InetAddress> tunnelEnds() {
    return tunnelEnds;
  }

  @Override
  public FlowTable flows() {
    return tracker.table();
  }

  @Override
  public long newFlows() {
    return tracker.newFlows();
  }

  @Override
  public int quicInvalidIdSample() {
    return serverIdRouting.quicInvalidIdSample();
  }

  @Override
  public void together(Runnable changes) {
    vips.together(changes);
  }

  @Override
  public void putVip(VipKey key, VipEntry entry) {
    vips.put(key, entry);
  }

  @Override
  public void removeVip(VipKey key) {
    vips.remove(key);
  }

  @Override
  public void answerPing(Destination destination, boolean answer) {
    vips.answerPing(destination, answer);
  }

  @Override
  public void putRing(int vip, RingSlots ring) {
    backends.putRing(vip, ring);
  }

  @Override
  public void markRing(int vip, RingSlots ring) {
    backends.putRing(vip, ring);
  }

  @Override
  public void removeRing(int vip) {
    backends.removeRing(vip);
  }

  @Override
  public void putBackend(int number, BackendEntry entry) {
    backends.put(number, entry);
  }

  @Override
  public void removeBackend(int number) {
    backends.remove(number);
  }

  @Override
  public Count count(Counter counter) {
    return counters.get(counter);
  }

  @Override
  public void clear(Counter counter) {
    counters.clear(counter);
  }

  @Override
  public Footprint footprint() {
    return Footprint.NONE;
  }

  /** Does nothing: there is nothing outside the heap to free. */
  @Override
  public void close() {}
}
