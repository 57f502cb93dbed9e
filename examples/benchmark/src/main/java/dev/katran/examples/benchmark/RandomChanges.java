package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.Vip;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;

/** Changes a VIP at random: adds, drains, reweights and removes backends. */
final class RandomChanges {

  private static final int BACKENDS = 16;
  private static final int INITIAL = 10;

  /** The smallest number of backends that take new flows. */
  private static final int MIN_TAKING = 4;

  private static final int MAX_WEIGHT = 5;

  private final List<Backend> all = Services.backends(Family.V4, Forwarding.ipip(), 0, BACKENDS);
  private final Random random;

  RandomChanges(long seed) {
    random = new Random(seed);
  }

  /**
   * A change.
   *
   * @param vip the VIP after the change
   * @param removed the number of the removed backend; empty if none was removed
   */
  record Change(Vip vip, OptionalInt removed) {}

  /** Returns the initial backends. */
  List<Backend> initialBackends() {
    return all.subList(0, INITIAL);
  }

  /** Returns a random change after which the VIP is different. */
  Change next(Vip vip) {
    while (true) {
      int number = random.nextInt(BACKENDS);
      Change change = propose(vip, number);
      long taking = change.vip().backends().stream().filter(Backend::takesNewFlows).count();
      if (taking >= MIN_TAKING && !change.vip().equals(vip)) {
        return change;
      }
    }
  }

  private Change propose(Vip vip, int number) {
    Backend backend = all.get(number);
    if (vip.backends().stream().noneMatch(each -> each.key().equals(backend.key()))) {
      return new Change(vip.with(backend), OptionalInt.empty());
    }
    return switch (random.nextInt(4)) {
      case 0 -> new Change(vip.with(backend), OptionalInt.empty()); // ends a drain
      case 1 -> new Change(vip.draining(backend.key()), OptionalInt.empty());
      case 2 ->
          new Change(vip.with(backend.weight(1 + random.nextInt(MAX_WEIGHT))), OptionalInt.empty());
      default -> new Change(vip.without(backend.key()), OptionalInt.of(number));
    };
  }
}
