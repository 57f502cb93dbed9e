package dev.katran.internal.ring;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Maglev hashing with weights: fills a ring by letting backends take turns, each taking the next
 * free slot in its own permutation of the slots.
 *
 * <p>This is the algorithm of section 3.4 of Eisenbud et al., <a
 * href="https://www.usenix.org/conference/nsdi16/technical-sessions/presentation/eisenbud">"Maglev:
 * A Fast and Reliable Software Network Load Balancer"</a>, NSDI 2016. A permutation starts at the
 * backend's {@linkplain #offset offset} and advances by its {@linkplain #skip skip}, modulo the
 * number of slots. That number is prime, so a permutation contains every slot.
 *
 * <p>Filling a ring probes about {@code size * ln(size)} slots, regardless of the number of
 * backends. More than half of the probes are for the last few slots. {@link Permutations} avoids
 * most of these.
 */
public final class Maglev {

  /** The maximum number of backends of a ring. Their indices must fit into a {@code char}. */
  public static final int MAX_BACKENDS = Character.MAX_VALUE;

  private Maglev() {}

  /** Returns the first slot of a backend's permutation. */
  public static int offset(long hash, int size) {
    return (int) Long.remainderUnsigned(Murmur3.hash(hash, 42, 0), size);
  }

  /**
   * Returns the distance between consecutive slots of a backend's permutation, from 1 to {@code
   * size - 1}.
   */
  public static int skip(long hash, int size) {
    return (int) Long.remainderUnsigned(Murmur3.hash(hash, 2718281828L, 2307), size - 1) + 1;
  }

  /**
   * Fills a ring in turns. In the first turn each backend takes as many slots as its weight, in
   * every later turn a single slot.
   *
   * @param hashes of the backends, in ascending unsigned order
   * @param weights of the same backends, 1 to 2^30
   * @param size the number of slots, a prime less than 2^24
   * @return the index of the backend of each slot; all 0 if there are no backends
   * @throws IllegalArgumentException if there are more than {@value #MAX_BACKENDS} backends
   */
  public static char[] fillByTurns(long[] hashes, int[] weights, int size) {
    checkBackends(hashes.length);
    if (hashes.length <= 1) {
      return new char[size];
    }
    Permutations permutations = new Permutations(hashes, size);
    for (int i = 0; i < hashes.length; i++) {
      for (int turns = Math.min(weights[i], permutations.free()); turns > 0; turns--) {
        permutations.take(i);
      }
    }
    return fillInTurns(permutations, hashes.length);
  }

  /** Gives one slot to each backend until none is free. */
  private static char[] fillInTurns(Permutations permutations, int backends) {
    int[] all = IntStream.range(0, backends).toArray();
    permutations.startRounds();
    while (permutations.free() > 0) {
      permutations.takeEach(all, backends);
    }
    return permutations.slots();
  }

  /**
   * Fills a ring by credit. In each round a backend earns its weight, and a slot costs the heaviest
   * weight. Shares of the ring are proportional to the weights. See {@link Schedule}.
   *
   * @param hashes of the backends, in ascending unsigned order
   * @param weights of the same backends, 1 to 2^30
   * @param size the number of slots, a prime less than 2^24
   * @return the index of the backend of each slot; all 0 if there are no backends
   * @throws IllegalArgumentException if there are more than {@value #MAX_BACKENDS} backends
   */
  public static char[] fillByCredit(long[] hashes, int[] weights, int size) {
    checkBackends(hashes.length);
    if (hashes.length <= 1) {
      return new char[size];
    }
    Permutations permutations = new Permutations(hashes, size);
    if (Arrays.stream(weights).allMatch(weight -> weight == weights[0])) {
      return fillInTurns(permutations, hashes.length);
    }
    permutations.startRounds();
    Schedule schedule = new Schedule(weights);
    int[] due = new int[hashes.length];
    while (permutations.free() > 0) {
      permutations.takeEach(due, schedule.next(due));
    }
    return permutations.slots();
  }

  private static void checkBackends(int count) {
    if (count > MAX_BACKENDS) {
      throw new IllegalArgumentException(
          count + " backends on one ring; it can have " + MAX_BACKENDS);
    }
  }
}
