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

/** Steps at random; what they are depends on nothing but the seed. */
final class StepGenerator {

  /** Beyond what may be entered, even if few slots are changing. */
  private static final int SYNS_IN_FLOOD = 6 * Cast.SYNS_PER_WINDOW;

  /** What these enter, and all else, there is room for. */
  private static final int MOST_FLOODS = 2;

  private static final int RECENT = 8;

  private final Dice dice;

  /** What is installed if all steps are made. */
  private final Map<VipKey, Vip> installed = new LinkedHashMap<>();

  /** What has been installed of late, to go back to. */
  private final List<Vip> recent = new ArrayList<>();

  private int floods;

  private StepGenerator(long seed) {
    this.dice = new Dice(seed);
  }

  /** So many steps and a rest. */
  static List<Step> steps(long seed, int number) {
    StepGenerator generator = new StepGenerator(seed);
    List<Step> steps = new ArrayList<>();
    for (Vip vip : generator.most()) {
      steps.add(generator.put(vip));
    }
    while (steps.size() < number) {
      steps.add(generator.next());
    }
    steps.add(new Step.Rest());
    return steps;
  }

  private Step next() {
    int kind = dice.below(1000);
    if (kind < 520) {
      return send();
    }
    if (kind < 620) {
      return new Step.SendOfAll();
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
      return new Step.Pass(time());
    }
    if (kind < 985) {
      return new Step.Tick();
    }
    return kind < 990 && floods < MOST_FLOODS ? flood() : rest();
  }

  private Step send() {
    VipKey vip = dice.pick(Cast.VIPS).key();
    return new Step.Send(new Segment(kind(vip), dice.pick(Cast.flows(vip))));
  }

  private Segment.Kind kind(VipKey vip) {
    int kind = dice.below(10);
    if (kind == 0) {
      return Segment.Kind.ERROR;
    }
    if (vip.protocol() != Protocol.TCP || kind < 6) {
      return Segment.Kind.DATA;
    }
    return kind < 9 ? Segment.Kind.SYN : Segment.Kind.RST;
  }

  private Step flood() {
    floods++;
    return new Step.Flood(dice.pick(Cast.FLOODED).key(), SYNS_IN_FLOOD);
  }

  private Step rest() {
    return dice.oneIn(4) ? new Step.Rest() : new Step.Tick();
  }

  /** Mostly so little that open flows keep their right to stay. */
  private Duration time() {
    int window = (int) Cast.WINDOW.dividedBy(Cast.UNIT);
    int units =
        switch (dice.below(8)) {
          case 0 -> window;
          case 1 -> window + 1;
          case 2 -> dice.pick(Cast.IDLE_UNITS) + dice.between(0, 1);
          default -> dice.between(1, window - 1);
        };
    return Cast.UNIT.multipliedBy(units);
  }

  private Step remove() {
    VipKey vip = dice.pick(Cast.VIPS).key();
    installed.remove(vip);
    return new Step.Remove(vip);
  }

  /** Most VIPs, each in another form. */
  private List<Vip> most() {
    return Cast.VIPS.stream().filter(vip -> !dice.oneIn(6)).map(this::changed).toList();
  }

  private Step apply() {
    List<Vip> vips = most();
    installed.clear();
    vips.forEach(this::note);
    return new Step.Apply(vips);
  }

  private Step put() {
    return put(
        dice.oneIn(5) && !recent.isEmpty() ? dice.pick(recent) : changed(dice.pick(Cast.VIPS)));
  }

  private Step put(Vip vip) {
    note(vip);
    return new Step.Put(vip);
  }

  private void note(Vip vip) {
    installed.put(vip.key(), vip);
    recent.add(vip);
    if (recent.size() > RECENT) {
      recent.removeFirst();
    }
  }

  /** Another form of a VIP: a first one if it is not installed. */
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
    int backends = dice.between(1, Cast.BACKENDS.size() - 1);
    for (int i = 0; i < backends; i++) {
      vip = vip.with(dice.pick(Cast.BACKENDS));
    }
    return vip;
  }

  private Vip changedOnce(Vip bare, Vip vip) {
    Backend backend = dice.pick(Cast.BACKENDS);
    Vip.Builder builder = vip.toBuilder();
    return switch (dice.below(40)) {
      case 0 -> builder.idleTime(idle()).build();
      case 1 -> builder.algorithm(dice.pick(List.of(RingAlgorithm.values()))).build();
      case 2 -> builder.hashing(dice.coin() ? Hashing.FLOW : Hashing.SOURCE_ADDRESS).build();
      case 3 -> builder.tracking(tracking(bare)).build();
      case 4, 5, 6, 7, 8, 9, 10, 11 -> vip.without(backend.address());
      case 12, 13, 14, 15, 16 -> vip.with(backend.weight(dice.between(0, 4)));
      case 17, 18, 19, 20, 21, 22, 23, 24, 25, 26 -> vip.with(backend.draining(true));
      default -> vip.with(backend);
    };
  }

  /** With {@link Tracking#ALWAYS} a flood would have its way. */
  private Tracking tracking(Vip bare) {
    if (dice.coin()) {
      return bare.tracking();
    }
    return Cast.FLOODED.contains(bare) ? Tracking.NONE : dice.pick(List.of(Tracking.values()));
  }

  private Duration idle() {
    return Cast.UNIT.multipliedBy(dice.pick(Cast.IDLE_UNITS));
  }
}
