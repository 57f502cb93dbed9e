package dev.katran.fuzz.control;

import dev.katran.Backend;
import dev.katran.Hashing;
import dev.katran.Protocol;
import dev.katran.RingAlgorithm;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.packets.Dice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Generates random steps that depend only on a seed. */
final class StepGenerator {

  private static final int SYNS_IN_FLOOD = 1536;

  /** Few enough that the flow table holds the entries of all floods and of all other flows. */
  private static final int MAX_FLOODS = 2;

  private static final int RECENT = 8;

  private final Dice dice;

  /** The VIPs installed after all steps generated so far. */
  private final Map<VipKey, Vip> installed = new LinkedHashMap<>();

  /** Recently installed VIPs, to return to. */
  private final List<Vip> recent = new ArrayList<>();

  private int floods;

  private StepGenerator(long seed) {
    this.dice = new Dice(seed);
  }

  /** Returns the given number of steps, followed by a {@link Step.Quiesce}. */
  static List<Step> steps(long seed, int count) {
    StepGenerator generator = new StepGenerator(seed);
    List<Step> steps = new ArrayList<>();
    for (Vip vip : generator.mostVips()) {
      steps.add(generator.put(vip));
    }
    while (steps.size() < count) {
      steps.add(generator.next());
    }
    steps.add(new Step.Quiesce());
    return steps;
  }

  private Step next() {
    int kind = dice.below(1000);
    if (kind < 520) {
      return send();
    }
    if (kind < 620) {
      return new Step.SendToOpenFlows();
    }
    if (kind < 740) {
      return put();
    }
    if (kind < 750) {
      return apply();
    }
    if (kind < 760) {
      return remove();
    }
    if (kind < 880) {
      return new Step.AdvanceTime(time());
    }
    if (kind < 985) {
      return new Step.Tick();
    }
    return kind < 990 && floods < MAX_FLOODS ? flood() : quiesceOrTick();
  }

  private Step send() {
    VipKey vip = dice.pick(Fixtures.VIPS).key();
    return new Step.Send(new FlowPacket(kind(vip), dice.pick(Fixtures.flows(vip))));
  }

  private FlowPacket.Kind kind(VipKey vip) {
    int kind = dice.below(10);
    if (kind == 0) {
      return FlowPacket.Kind.ERROR;
    }
    if (vip.protocol() != Protocol.TCP || kind < 6) {
      return FlowPacket.Kind.DATA;
    }
    return kind < 9 ? FlowPacket.Kind.SYN : FlowPacket.Kind.RST;
  }

  private Step flood() {
    floods++;
    return new Step.SynFlood(dice.pick(Fixtures.FLOODABLE).key(), SYNS_IN_FLOOD);
  }

  private Step quiesceOrTick() {
    return dice.oneIn(4) ? new Step.Quiesce() : new Step.Tick();
  }

  /** Returns a duration, mostly short enough that open flows must stay with their backends. */
  private Duration time() {
    int window = (int) Fixtures.WINDOW.dividedBy(Fixtures.UNIT);
    int units =
        switch (dice.below(8)) {
          case 0 -> window;
          case 1 -> window + 1;
          case 2 -> dice.pick(Fixtures.IDLE_UNITS) + dice.between(0, 1);
          default -> dice.between(1, window - 1);
        };
    return Fixtures.UNIT.multipliedBy(units);
  }

  private Step remove() {
    VipKey vip = dice.pick(Fixtures.VIPS).key();
    installed.remove(vip);
    return new Step.Remove(vip);
  }

  /** Returns most of the VIPs, each of them changed. */
  private List<Vip> mostVips() {
    return Fixtures.VIPS.stream().filter(vip -> !dice.oneIn(6)).map(this::changed).toList();
  }

  private Step apply() {
    List<Vip> vips = mostVips();
    installed.clear();
    vips.forEach(this::record);
    return new Step.Apply(vips);
  }

  private Step put() {
    return put(
        dice.oneIn(5) && !recent.isEmpty() ? dice.pick(recent) : changed(dice.pick(Fixtures.VIPS)));
  }

  private Step put(Vip vip) {
    record(vip);
    return new Step.Put(vip);
  }

  private void record(Vip vip) {
    installed.put(vip.key(), vip);
    recent.add(vip);
    if (recent.size() > RECENT) {
      recent.removeFirst();
    }
  }

  /** Returns a changed VIP, or one with new backends if it is not installed. */
  private Vip changed(Vip bare) {
    Vip vip = installed.get(bare.key());
    if (vip == null) {
      return withBackends(bare);
    }
    int changes = dice.pick(1, 1, 2, 3);
    for (int i = 0; i < changes; i++) {
      vip = changedOnce(bare, vip);
    }
    return vip;
  }

  private Vip withBackends(Vip bare) {
    Vip vip = bare.toBuilder().idleTime(idle()).build();
    int backends = dice.between(1, Fixtures.BACKENDS.size() - 1);
    for (int i = 0; i < backends; i++) {
      vip = vip.with(dice.pick(Fixtures.BACKENDS));
    }
    return vip;
  }

  private Vip changedOnce(Vip bare, Vip vip) {
    Backend backend = dice.pick(Fixtures.BACKENDS);
    Vip.Builder builder = vip.toBuilder();
    return switch (dice.below(40)) {
      case 0 -> (dice.coin() ? builder.idleTime(idle()) : builder.changeWindow(window())).build();
      case 1 -> builder.algorithm(dice.pick(List.of(RingAlgorithm.values()))).build();
      case 2 -> builder.hashing(dice.coin() ? Hashing.FLOW : Hashing.SOURCE_ADDRESS).build();
      case 3 -> builder.tracking(tracking(bare)).build();
      case 4, 5, 6, 7, 8, 9, 10, 11 -> vip.without(backend.key());
      case 12, 13, 14, 15, 16 -> vip.with(backend.weight(dice.between(0, 4)));
      case 17, 18, 19, 20, 21, 22, 23, 24, 25, 26 -> vip.with(backend.draining(true));
      default -> vip.with(backend);
    };
  }

  /**
   * Never returns {@link Tracking#ALWAYS} for a VIP that is flooded: the flood would fill the
   * table.
   */
  private Tracking tracking(Vip bare) {
    if (dice.coin()) {
      return bare.tracking();
    }
    return Fixtures.FLOODABLE.contains(bare)
        ? Tracking.NONE
        : dice.pick(List.of(Tracking.values()));
  }

  private Duration window() {
    return Fixtures.UNIT.multipliedBy(dice.pick(Fixtures.WINDOW_UNITS));
  }

  private Duration idle() {
    return Fixtures.UNIT.multipliedBy(dice.pick(Fixtures.IDLE_UNITS));
  }
}
