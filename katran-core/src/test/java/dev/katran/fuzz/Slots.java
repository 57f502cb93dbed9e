package dev.katran.fuzz;

import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import dev.katran.dataplane.Dataplane;
import dev.katran.packets.Dice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The slots of a ring, and where they come from. */
final class Slots {

  private final int[] numbers;
  private final Map<Integer, Integer> weights;

  private Slots(int[] numbers, Map<Integer, Integer> weights) {
    this.numbers = numbers;
    this.weights = weights;
  }

  /** All slots are the same backend's, or nobody's. */
  static Slots all(int size, int number) {
    int[] numbers = new int[size];
    Arrays.fill(numbers, number);
    return new Slots(numbers, number == Dataplane.NO_BACKEND ? Map.of() : Map.of(number, 1));
  }

  /** Any slot may be anybody's or nobody's. */
  static Slots random(Dice dice, int size, int mostNumber) {
    int[] numbers = new int[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = dice.below(mostNumber + 1);
    }
    return new Slots(numbers, Map.of());
  }

  /** The ring that a balancer would make of these backends and weights. */
  static Slots maglev(Limits limits, Map<Integer, Integer> weights) {
    List<Backend> backends = new ArrayList<>();
    weights.forEach((number, weight) ->
        backends.add(Backend.of(Playground.backendAddress(number)).weight(weight)));
    Ring ring = Ring.of(limits, RingAlgorithm.MAGLEV, backends);
    int[] numbers = new int[limits.ringSize()];
    for (int slot = 0; slot < numbers.length; slot++) {
      numbers[slot] =
          ring.backend(slot)
              .map(backend -> Playground.backendNumber(backend.address()))
              .orElse(Dataplane.NO_BACKEND);
    }
    return new Slots(numbers, new TreeMap<>(weights));
  }

  /** The backend of each slot; not to be changed. */
  int[] numbers() {
    return numbers;
  }

  /** The backends and weights of which this is the ring; empty if it is that of none. */
  Map<Integer, Integer> weights() {
    return weights;
  }

  /** Whether it is the ring of {@link #weights}. */
  boolean isMaglev() {
    return !weights.isEmpty() || Arrays.stream(numbers).allMatch(slot -> slot == 0);
  }

  /** Rings with a single backend of those in this one. */
  List<Slots> simpler() {
    if (Arrays.stream(numbers).distinct().count() == 1) {
      return List.of();
    }
    return Arrays.stream(numbers)
        .distinct()
        .sorted()
        .mapToObj(number -> all(numbers.length, number))
        .toList();
  }

  @Override
  public String toString() {
    if (isMaglev()) {
      return numbers.length + " slots of backends and weights " + weights;
    }
    int[] some = Arrays.copyOf(numbers, Math.min(numbers.length, 16));
    return numbers.length + " slots, the first ones " + Arrays.toString(some);
  }
}
