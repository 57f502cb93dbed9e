package dev.katran.internal.ring;

import java.util.Arrays;

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

  /** The number of backends that {@link #fillByCredit} skips together if none is due. */
  private static final int BLOCK = 32;

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
    while (permutations.free() > 0) {
      permutations.takeInTurns(Math.min(hashes.length, permutations.free()));
    }
    return permutations.slots();
  }

  /**
   * Fills a ring by credit. In each round a backend earns its weight, and a slot costs the heaviest
   * weight. Shares of the ring are proportional to the weights.
   *
   * <p>A backend of weight w takes its n-th slot in round {@code ceil(n * heaviest / w)}. A round
   * visits only blocks of backends in which one is due, so that one heavy backend among thousands
   * of light ones is as cheap as equal weights.
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
    int count = hashes.length;
    Permutations permutations = new Permutations(hashes, size);
    int heaviest = Arrays.stream(weights).max().getAsInt();
    int[] dueRounds = new int[count];
    int[] remainders = new int[count]; // of the divisions by the weight, to round up exactly
    int[] blockDueRounds = new int[(count + BLOCK - 1) / BLOCK];
    for (int i = 0; i < count; i++) {
      remainders[i] = weights[i] - 1;
      dueRounds[i] = nextDueRound(i, 0, heaviest, weights, remainders);
    }
    for (int round = 1; ; round++) {
      for (int block = 0; block < blockDueRounds.length; block++) {
        if (blockDueRounds[block] > round) {
          continue;
        }
        int end = Math.min((block + 1) * BLOCK, count);
        int blockDueRound = Integer.MAX_VALUE;
        for (int i = block * BLOCK; i < end; i++) {
          if (dueRounds[i] == round) {
            permutations.take(i);
            if (permutations.free() == 0) {
              return permutations.slots();
            }
            dueRounds[i] = nextDueRound(i, round, heaviest, weights, remainders);
          }
          blockDueRound = Math.min(blockDueRound, dueRounds[i]);
        }
        blockDueRounds[block] = blockDueRound;
      }
    }
  }

  private static int nextDueRound(
      int backend, int round, int heaviest, int[] weights, int[] remainders) {
    int weight = weights[backend];
    if (weight == heaviest) {
      return round + 1;
    }
    int dividend = heaviest + remainders[backend];
    remainders[backend] = dividend % weight;
    return round + dividend / weight;
  }

  private static void checkBackends(int count) {
    if (count > MAX_BACKENDS) {
      throw new IllegalArgumentException(
          count + " backends on one ring; it can have " + MAX_BACKENDS);
    }
  }
}
