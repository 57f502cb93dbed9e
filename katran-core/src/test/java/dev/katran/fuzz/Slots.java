package dev.katran.fuzz;

import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.packets.Dice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The slots of a ring and, for Maglev rings, the weights they were built from. */
final class Slots {

  private final int[] numbers;
  private final Map<Integer, Integer> weights;

  private Slots(int[] numbers, Map<Integer, Integer> weights) {
    this.numbers = numbers;
    this.weights = weights;
  }

  /** Creates a ring with the same backend, or no backend, in every slot. */
  static Slots all(int size, int number) {
    int[] numbers = new int[size];
    Arrays.fill(numbers, number);
    return new Slots(numbers, number == Dataplane.NO_BACKEND ? Map.of() : Map.of(number, 1));
  }

  /** Creates a ring with a random backend, or no backend, in each slot. */
  static Slots random(Dice dice, int size, int mostNumber) {
    int[] numbers = new int[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = dice.below(mostNumber + 1);
    }
    return new Slots(numbers, Map.of());
  }

  /** Creates the Maglev ring that a load balancer builds from backend numbers and weights. */
  static Slots maglev(Limits limits, Map<Integer, Integer> weights) {
    List<Backend> backends = new ArrayList<>();
    weights.forEach((number, weight) ->
        backends.add(Backend.of(Universe.backendAddress(number)).weight(weight)));
    Ring ring = Ring.of(limits, RingAlgorithm.MAGLEV, backends);
    int[] numbers = new int[limits.ringSize()];
    for (int slot = 0; slot < numbers.length; slot++) {
      numbers[slot] =
          ring.backend(slot)
              .map(backend -> Universe.backendNumber(backend.address()))
              .orElse(Dataplane.NO_BACKEND);
    }
    return new Slots(numbers, new TreeMap<>(weights));
  }

  /** Returns the backend number of each slot. The array must not be modified. */
  int[] numbers() {
    return numbers;
  }

  /** Returns the weights by backend number, or an empty map if this is not a Maglev ring. */
  Map<Integer, Integer> weights() {
    return weights;
  }

  /** Reports whether this is the Maglev ring of {@link #weights}; an empty ring is one, too. */
  boolean isMaglev() {
    return !weights.isEmpty() || Arrays.stream(numbers).allMatch(slot -> slot == 0);
  }

  /** Returns rings that have one of the backends of this ring in every slot. */
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
      return numbers.length + " slots, Maglev ring of weights " + weights;
    }
    int[] some = Arrays.copyOf(numbers, Math.min(numbers.length, 16));
    return numbers.length + " slots, starting with " + Arrays.toString(some);
  }
}
