package dev.katran.dataplane;

import dev.katran.Count;
import dev.katran.Footprint;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import java.net.InetAddress;

/**
 * The dataplane in plain Java: the same contract as the program in the kernel, byte for byte, for
 * frames that are given to it.
 */
public final class JavaDataplane implements Dataplane {

  private final DataplaneConfig config;
  private final VipTable vips = new VipTable();
  private final Backends backends;
  private final Encapsulator encapsulator;
  private final CounterTable counters = new CounterTable();

  /** A dataplane that has no VIPs yet. */
  public JavaDataplane(DataplaneConfig config) {
    this.config = config;
    this.backends = new Backends(config);
    this.encapsulator = new Encapsulator(config.gue());
  }

  @Override
  public Simulation run(byte[] bytes) {
    FrameLength.check(bytes);
    Frame frame = new Frame(bytes);
    Verdict verdict = balance(frame);
    counters.add(
        switch (verdict) {
          case TX -> Counter.Total.TX;
          case DROP -> Counter.Total.DROP;
          case PASS -> Counter.Total.PASS;
        },
        bytes.length);
    return new Simulation(verdict, frame.toByteArray());
  }

  private Verdict balance(Frame frame) {
    return switch (FrameParser.parse(frame)) {
      case Parsed.Settled(Verdict verdict) -> verdict;
      case Parsed.EchoRequest(Address destination) -> reply(frame, destination);
      case Parsed.Packet packet -> forward(frame, packet);
    };
  }

  private Verdict reply(Frame frame, Address destination) {
    if (!vips.answersPing(destination)) {
      return Verdict.PASS;
    }
    EchoReply.write(frame, destination.isIpv6());
    return Verdict.TX;
  }

  private Verdict forward(Frame frame, Parsed.Packet packet) {
    VipTable.Match match = vips.find(packet.flow());
    if (match == null) {
      return Verdict.PASS;
    }
    if (frame.length() > config.maxPacketSize()) {
      return config.answerTooBig()
          ? TooBigAnswer.write(frame, packet.isIpv6(), config.maxPacketSize())
          : Verdict.DROP;
    }
    Backends.Choice choice = backends.choose(match.vip(), match.flow());
    if (choice == null) {
      return Verdict.DROP;
    }
    encapsulator.encapsulate(frame, packet, choice.flow(), choice.backend());
    counters.add(new Counter.OfVip(match.vip().number()), packet.bytes());
    counters.add(new Counter.OfBackend(choice.number()), packet.bytes());
    return Verdict.TX;
  }

  @Override
  public void putVip(VipKey key, VipEntry entry) {
    vips.put(Address.of(key.address()), key.port(), key.protocol().number(), entry);
  }

  @Override
  public void removeVip(VipKey key) {
    vips.remove(Address.of(key.address()), key.port(), key.protocol().number());
  }

  @Override
  public void answerPing(InetAddress address, boolean answer) {
    vips.answerPing(Address.of(address), answer);
  }

  @Override
  public void putRing(int vip, int[] slots) {
    backends.putRing(vip, slots);
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
