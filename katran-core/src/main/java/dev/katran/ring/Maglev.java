package dev.katran.ring;

import java.util.Arrays;

/**
 * Fills a ring: each backend walks the slots in an order of its own, and takes free ones in turn.
 *
 * <p>The algorithm of section 3.4 of Eisenbud et al., "Maglev: A Fast and Reliable Software Network
 * Load Balancer", NSDI 2016, with weights. A walk starts at the backend's offset and goes on by its
 * skip, modulo the number of slots; that number is a prime, so every walk meets every slot. Filling
 * would take about {@code size * ln(size)} steps, however many backends there are, more than half
 * of them for the last few slots; {@link Walks} spares most of these.
 */
public final class Maglev {

  /** The most backends a ring can have: their indices must fit the slots. */
  public static final int MAX_BACKENDS = Character.MAX_VALUE;

  /** How many backends {@link #fillByCredit} looks at together. */
  private static final int BLOCK = 32;

  private Maglev() {}

  /** The slot at which a backend's walk starts. */
  public static int offset(long hash, int size) {
    return (int) Long.remainderUnsigned(Murmur3.hash(hash, 42, 0), size);
  }

  /** How far apart the stations of a backend's walk are: 1 to {@code size - 1}. */
  public static int skip(long hash, int size) {
    return (int) Long.remainderUnsigned(Murmur3.hash(hash, 2718281828L, 2307), size - 1) + 1;
  }

  /**
   * Fills a ring in turns: in the first each backend takes as many slots as it weighs, in every
   * later one a single slot.
   *
   * @param hashes of the backends, in ascending unsigned order
   * @param weights of the same backends, 1 to 2^30
   * @param size how many slots the ring has: a prime less than 2^24
   * @return for each slot the index of the backend that serves it; all 0 if there is none
   * @throws IllegalArgumentException if there are more than {@value #MAX_BACKENDS} backends
   */
  public static char[] fillByTurns(long[] hashes, int[] weights, int size) {
    checkBackends(hashes.length);
    if (hashes.length <= 1) {
      return new char[size];
    }
    Walks walks = new Walks(hashes, size);
    for (int i = 0; i < hashes.length; i++) {
      for (int turns = Math.min(weights[i], walks.free()); turns > 0; turns--) {
        walks.take(i);
      }
    }
    while (walks.free() > 0) {
      walks.takeInTurns(Math.min(hashes.length, walks.free()));
    }
    return walks.slots();
  }

  /**
   * Fills a ring by credit: in each round a backend earns its weight, and the heaviest weight buys
   * a slot.
   *
   * <p>A backend of weight w thus takes its n-th slot in round {@code ceil(n * heaviest / w)}. Only
   * blocks of backends of which one is due are looked at, so a heavy backend among thousands of
   * light ones costs no more than equals do.
   *
   * @param hashes of the backends, in ascending unsigned order
   * @param weights of the same backends, 1 to 2^30
   * @param size how many slots the ring has: a prime less than 2^24
   * @return for each slot the index of the backend that serves it; all 0 if there is none
   * @throws IllegalArgumentException if there are more than {@value #MAX_BACKENDS} backends
   */
  public static char[] fillByCredit(long[] hashes, int[] weights, int size) {
    checkBackends(hashes.length);
    if (hashes.length <= 1) {
      return new char[size];
    }
    int count = hashes.length;
    Walks walks = new Walks(hashes, size);
    int heaviest = Arrays.stream(weights).max().getAsInt();
    int[] dueRounds = new int[count];
    int[] remainders = new int[count]; // of the divisions by the weight, so as to round up exactly
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
            walks.take(i);
            if (walks.free() == 0) {
              return walks.slots();
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
