package dev.katran.fuzz;

import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Dice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Generates changes to VIPs, rings and backends, and loads the features that they need. */
final class ChangeGenerator {

  private final Dice dice;
  private final Limits limits;
  private final Features allowed;
  private final TableGenerator tables;
  private final InstalledState installed = new InstalledState();

  /**
   * Creates a generator.
   *
   * @param allowed the features that generated VIPs, rings and backends may need
   */
  ChangeGenerator(Dice dice, Limits limits, Features allowed) {
    this.dice = dice;
    this.limits = limits;
    this.allowed = allowed;
    this.tables = new TableGenerator(dice);
  }

  /** Returns the operations that fill the dataplane initially. */
  List<Operation> first() {
    List<Operation> first = new ArrayList<>();
    for (int number = 1; number <= Universe.PRESENT; number++) {
      if (!dice.oneIn(8)) {
        first.add(new Operation.PutBackend(number, backend(number)));
      }
    }
    for (int number = 0; number < Universe.VIPS - 3; number++) {
      first.add(putRing(number));
      first.add(new Operation.PutVip(key(), new VipEntry(number, flags(allowed.vipFlags()))));
    }
    for (int i = 0; i < 4; i++) {
      first.add(new Operation.AnswerPings(destination(), true));
    }
    first.addAll(tables.first());
    first.forEach(installed::apply);
    // the features must be loaded before the state that needs them is installed
    first.addFirst(new Operation.UseFeatures(dice.coin() ? installed.needed() : moreThanNeeded()));
    installed.apply(first.getFirst());
    return first;
  }

  /** Returns the next change. */
  List<Operation> next() {
    List<Operation> next = change();
    next.forEach(installed::apply);
    return next;
  }

  private List<Operation> change() {
    return switch (dice.below(40)) {
      case 0, 1, 2, 3, 4, 5 -> putVip();
      case 6, 7 -> removeVip();
      case 8, 9, 10, 11, 12, 13 -> List.of(putRing(dice.below(Universe.VIPS)));
      case 14 -> List.of(new Operation.RemoveRing(dice.below(Universe.VIPS)));
      case 15, 16, 17, 18, 19, 20 -> putBackend();
      case 21 -> List.of(new Operation.RemoveBackend(number()));
      case 22, 23 -> List.of(new Operation.AnswerPings(destination(), dice.coin()));
      case 24, 25, 26 -> List.of(putDeadline());
      default -> List.of(tables.next());
    };
  }

  /** Returns a change of the loaded features: those needed, or more, or sometimes fewer. */
  Operation useFeatures() {
    Features features =
        switch (dice.below(8)) {
          case 0, 1, 2 -> installed.needed();
          case 3 -> fewerThanNeeded();
          default -> moreThanNeeded();
        };
    Operation use = new Operation.UseFeatures(features);
    installed.apply(use);
    return use;
  }

  private Features moreThanNeeded() {
    return installed
        .needed()
        .and(
            dice.coin()
                ? allowed
                : new Features(
                    dice.word() & VipFlags.ALL,
                    dice.coin(),
                    dice.coin(),
                    dice.coin(),
                    dice.coin(),
                    dice.coin()));
  }

  private Features fewerThanNeeded() {
    Features needed = installed.needed();
    return new Features(
        needed.vipFlags() & dice.word(),
        needed.gue() && dice.coin(),
        needed.prefixVips() && dice.coin(),
        needed.changes() && dice.coin(),
        needed.rewrites() && dice.coin(),
        needed.directs() && dice.coin());
  }

  private List<Operation> putVip() {
    // most changes work with the loaded features, because loading others is slow
    int flags = flags(dice.oneIn(8) ? VipFlags.ALL : installed.used().vipFlags());
    VipKey key = key();
    if (key.prefix().isPresent() && !installed.used().prefixVips() && !dice.oneIn(8)) {
      key = VipKey.of(key.protocol(), dice.pick(Universe.VIP_ADDRESSES), key.port());
    }
    VipEntry before = installed.vips().get(key);
    int number = before != null && !dice.oneIn(4) ? before.number() : freeNumber();
    List<Operation> operations = new ArrayList<>();
    if (dice.coin()) {
      operations.add(putRing(number));
    }
    operations.add(new Operation.PutVip(key, entry(number, flags)));
    return operations;
  }

  /** Returns an entry whose flow entries, for changed slots, are always valid or never. */
  private VipEntry entry(int number, int flags) {
    return dice.oneIn(8) ? new VipEntry(number, flags, 0) : new VipEntry(number, flags);
  }

  private List<Operation> removeVip() {
    if (installed.vips().size() < Universe.VIPS / 2) {
      return putVip();
    }
    List<VipKey> keys = new ArrayList<>(installed.vips().keySet());
    // the order must depend on the seed alone, not on hash codes
    keys.sort((a, b) -> a.toString().compareTo(b.toString()));
    return List.of(new Operation.RemoveVip(dice.pick(keys)));
  }

  private int freeNumber() {
    List<Integer> free =
        IntStream.range(0, Universe.VIPS)
            .filter(number ->
                installed.vips().values().stream().noneMatch(vip -> vip.number() == number))
            .boxed()
            .toList();
    return free.isEmpty() ? dice.below(Universe.VIPS) : dice.pick(free);
  }

  private int flags(int from) {
    int hash =
        switch (dice.below(6)) {
          case 0 -> VipFlags.HASH_NO_SOURCE_PORT;
          case 1 -> VipFlags.HASH_DESTINATION_PORT_ONLY;
          case 2 -> VipFlags.HASH_BOTH_PORTS;
          case 3 -> dice.bits(3);
          default -> 0;
        };
    int others = dice.word();
    if (dice.coin()) {
      others &= dice.word(); // fewer flags
    }
    return from & (hash | (others & ~7 & VipFlags.ALL));
  }

  private VipKey key() {
    int port = dice.coin() ? 0 : dice.pick(Universe.PORTS);
    Protocol protocol = dice.coin() ? Protocol.TCP : Protocol.UDP;
    if (dice.oneIn(3) && allowed.prefixVips()) {
      Prefix prefix = dice.pick(Universe.VIP_PREFIXES);
      return VipKey.of(protocol, prefix, port);
    }
    return VipKey.of(protocol, dice.pick(Universe.VIP_ADDRESSES), port);
  }

  private Destination destination() {
    if (dice.oneIn(3) && allowed.prefixVips()) {
      Prefix prefix = dice.pick(Universe.VIP_PREFIXES);
      return new Destination(prefix.address(), prefix.length());
    }
    return Destination.of(dice.pick(Universe.VIP_ADDRESSES));
  }

  private Operation putRing(int vip) {
    Slots slots =
        switch (dice.below(8)) {
          case 0 -> Slots.all(limits.ringSize(), dice.below(Universe.BACKENDS + 1));
          case 1, 2 -> Slots.random(dice, limits.ringSize(), Universe.BACKENDS);
          default -> {
            Map<Integer, Integer> weights = new HashMap<>();
            for (int i = dice.between(1, 6); i > 0; i--) {
              weights.put(number(), dice.between(1, 5));
            }
            yield Slots.maglev(limits, weights);
          }
        };
    if (allowed.changes() && dice.coin()) {
      return new Operation.ChangeRing(
          vip, slots, dice.word(), dice.pick(List.of(ChangeStage.values())));
    }
    return new Operation.PutRing(vip, slots);
  }

  private Operation putDeadline() {
    Duration fromNow =
        switch (dice.below(4)) {
          case 0 -> null;
          case 1 -> Duration.ofHours(1);
          default -> Duration.ofHours(-1);
        };
    return new Operation.PutDeadline(dice.below(Universe.VIPS), fromNow);
  }

  private List<Operation> putBackend() {
    int number = number();
    return List.of(new Operation.PutBackend(number, backend(number)));
  }

  private int number() {
    return dice.between(1, Universe.PRESENT);
  }

  private BackendEntry backend(int number) {
    return new BackendEntry(
        Universe.backendAddress(number),
        dice.coin() ? 0 : dice.pick(Universe.PORTS),
        forwarding(),
        dice.oneIn(4),
        switch (dice.below(10)) {
          case 0 -> null;
          case 1 -> new Hop(mac(1, number), new Hop.Egress(1, mac(0, number)));
          case 2 -> new Hop(mac(2, number), null);
          default -> Universe.GATEWAY;
        });
  }

  private Forwarding forwarding() {
    List<Forwarding> kinds = new ArrayList<>(List.of(Forwarding.ipip()));
    if (allowed.gue()) {
      kinds.add(Forwarding.gue());
    }
    if (allowed.rewrites()) {
      kinds.add(Forwarding.rewrite());
      kinds.add(Forwarding.rewrite());
    }
    if (allowed.directs()) {
      kinds.add(Forwarding.direct());
    }
    return dice.pick(kinds);
  }

  private static MacAddress mac(int kind, int number) {
    return MacAddress.parse("02:00:00:00:%02x:%02x".formatted(kind, number));
  }
}
