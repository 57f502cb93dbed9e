package dev.katran.ring;

import java.util.Arrays;

/**
 * Fills a ring: each backend walks the slots in an order of its own, and takes free ones in turn.
 *
 * <p>The algorithm of section 3.4 of Eisenbud et al., "Maglev: A Fast and Reliable Software Network
 * Load Balancer", NSDI 2016, with weights. A walk starts at the backend's offset and goes on by its
 * skip, modulo the number of slots; that number is a prime, so every walk meets every slot. Filling
 * takes about {@code size * ln(size)} steps, however many backends there are.
 *
 * <p>Positions are counted in 32-bit unsigned arithmetic and wrap around, because they do so in the
 * C++ Katran. With 65537 slots that is a matter of the very last steps, with more it is common. A
 * walk that wraps may go in circles and miss a free slot; it then goes on slot by slot, where the
 * C++ Katran would search for ever.
 */
public final class Maglev {

  /** The most backends a ring can have: their indices must fit the slots. */
  public static final int MAX_BACKENDS = Character.MAX_VALUE;

  /** Where in {@link #walks} a backend's numbers are. */
  private static final int POSITION = 0;

  private static final int SLOT = 1;
  private static final int SKIP = 2;
  private static final int WALK_LENGTH = 3;

  /** How many backends {@link #fillByCredit} looks at together. */
  private static final int BLOCK = 32;

  private final int size;
  private final char[] slots;
  private final long[] taken;
  private final int[] walks;
  private int free;

  private Maglev(long[] hashes, int size) {
    this.size = size;
    this.slots = new char[size];
    this.taken = new long[(size + Long.SIZE - 1) / Long.SIZE];
    this.walks = new int[hashes.length * WALK_LENGTH];
    this.free = size;
    for (int i = 0; i < hashes.length; i++) {
      int walk = i * WALK_LENGTH;
      int offset = offset(hashes[i], size);
      walks[walk + POSITION] = offset;
      walks[walk + SLOT] = offset;
      walks[walk + SKIP] = skip(hashes[i], size);
    }
  }

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
    Maglev ring = new Maglev(hashes, size);
    for (int i = 0; i < hashes.length; i++) {
      for (int turns = Math.min(weights[i], ring.free); turns > 0; turns--) {
        ring.take(i);
      }
    }
    while (ring.free > 0) {
      for (int i = 0, turns = Math.min(hashes.length, ring.free); i < turns; i++) {
        ring.take(i);
      }
    }
    return ring.slots;
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
    Maglev ring = new Maglev(hashes, size);
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
            ring.take(i);
            if (ring.free == 0) {
              return ring.slots;
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

  /** Gives the backend the next free slot of its walk; there must be one. */
  private void take(int backend) {
    int walk = backend * WALK_LENGTH;
    int position = walks[walk + POSITION];
    int slot = walks[walk + SLOT];
    int skip = walks[walk + SKIP];
    int wraps = 0;
    while ((taken[slot >>> 6] & 1L << slot) != 0) {
      position += skip;
      slot += skip;
      if (slot >= size) {
        slot -= size;
      }
      if (Integer.compareUnsigned(position, skip) < 0) {
        slot = Integer.remainderUnsigned(position, size);
        wraps++;
        // 2^32 / gcd(skip, 2^32) steps lead back to where we came from
        if (wraps > skip >>> Integer.numberOfTrailingZeros(skip)) {
          skip = 1;
        }
      }
    }
    taken[slot >>> 6] |= 1L << slot;
    slots[slot] = (char) backend;
    free--;
    walks[walk + POSITION] = position;
    walks[walk + SLOT] = slot;
    walks[walk + SKIP] = skip;
  }

  private static void checkBackends(int count) {
    if (count > MAX_BACKENDS) {
      throw new IllegalArgumentException(
          count + " backends on one ring; it can have " + MAX_BACKENDS);
    }
  }
}
