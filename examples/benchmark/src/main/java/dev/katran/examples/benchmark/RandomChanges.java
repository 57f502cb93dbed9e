package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Encapsulation;
import dev.katran.Vip;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;

/** Adds, drains, re-weights and removes backends of a VIP at random. */
final class RandomChanges {

  private static final int BACKENDS = 16;
  private static final int AT_FIRST = 10;

  /** So many backends at least take new flows. */
  private static final int LEAST = 4;

  private static final int MAX_WEIGHT = 5;

  private final List<Backend> all = Services.backends(Family.V4, Encapsulation.ipip(), 0, BACKENDS);
  private final Random random;

  RandomChanges(long seed) {
    random = new Random(seed);
  }

  /**
   * A change.
   *
   * @param vip the VIP after it
   * @param removed the number of the backend that is gone with it, if one is
   */
  record Change(Vip vip, OptionalInt removed) {}

  /** The backends to begin with. */
  List<Backend> atFirst() {
    return all.subList(0, AT_FIRST);
  }

  /** A change of this VIP, which is another one after it. */
  Change next(Vip vip) {
    while (true) {
      int number = random.nextInt(BACKENDS);
      Change change = propose(vip, number);
      long taking = change.vip().backends().stream().filter(Backend::takesNewFlows).count();
      if (taking >= LEAST && !change.vip().equals(vip)) {
        return change;
      }
    }
  }

  private Change propose(Vip vip, int number) {
    Backend backend = all.get(number);
    if (vip.backends().stream().noneMatch(each -> each.address().equals(backend.address()))) {
      return new Change(vip.with(backend), OptionalInt.empty());
    }
    return switch (random.nextInt(4)) {
      case 0 -> new Change(vip.with(backend), OptionalInt.empty()); // no more draining
      case 1 -> new Change(vip.draining(backend.address()), OptionalInt.empty());
      case 2 ->
          new Change(vip.with(backend.weight(1 + random.nextInt(MAX_WEIGHT))), OptionalInt.empty());
      default -> new Change(vip.without(backend.address()), OptionalInt.of(number));
    };
  }
}
