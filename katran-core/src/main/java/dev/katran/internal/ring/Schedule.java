package dev.katran.internal.ring;

import java.util.Arrays;

/**
 * Which backends take a slot in which round, if in each round a backend earns its weight, and a
 * slot costs the heaviest weight: a backend of weight w takes its n-th slot in round {@code ceil(n
 * * heaviest / w)}.
 *
 * <p>The next {@value #ROUNDS} rounds have a bit for each backend, so that a round costs little
 * more than the backends that are due in it. Those that are due later are looked through now and
 * then.
 */
final class Schedule {

  /** A power of two. */
  private static final int ROUNDS = 64;

  /** After how many rounds the backends that are due later are looked through. */
  private static final int INTERVAL = ROUNDS / 2;

  private final int[] weights;

  /** The heaviest weight divided by each weight: quotients and remainders. */
  private final int[] quotients;

  private final int[] remainders;

  /** What remains of each backend's credit, less one slot's cost. */
  private final int[] credits;

  /** One bit per backend for each of the next rounds. */
  private final long[] due;

  private final int words;

  /** The backends that are due after these rounds, and when they are. */
  private final int[] later;

  private final int[] laterRounds;
  private int laterCount;

  private int round;

  /** Creates the schedule of backends with these weights, before the first round. */
  Schedule(int[] weights) {
    this.weights = weights;
    int count = weights.length;
    int heaviest = Arrays.stream(weights).max().getAsInt();
    this.quotients = new int[count];
    this.remainders = new int[count];
    this.credits = new int[count];
    this.words = Math.ceilDiv(count, Long.SIZE);
    this.due = new long[ROUNDS * words];
    this.later = new int[count];
    this.laterRounds = new int[count];
    for (int i = 0; i < count; i++) {
      quotients[i] = heaviest / weights[i];
      remainders[i] = heaviest % weights[i];
      credits[i] = weights[i] - 1; // to round up
      schedule(i);
    }
  }

  /** Determines when a backend is due after the current round. */
  private void schedule(int backend) {
    int weight = weights[backend];
    int credit = credits[backend] + remainders[backend] - weight;
    int isLess = credit >> 31; // without a branch, which would be mispredicted
    credits[backend] = credit + (isLess & weight);
    int next = round + quotients[backend] + 1 + isLess;
    if (next < round + ROUNDS) {
      setDue(backend, next);
    } else {
      later[laterCount] = backend;
      laterRounds[laterCount] = next;
      laterCount++;
    }
  }

  private void setDue(int backend, int dueRound) {
    due[(dueRound & (ROUNDS - 1)) * words + (backend >>> 6)] |= 1L << backend;
  }

  /**
   * Begins the next round.
   *
   * @param backends receives the backends that are due in this round, in ascending order
   * @return their number
   */
  int next(int[] backends) {
    round++;
    if (round % INTERVAL == 0) {
      lookThroughLater();
    }
    int count = 0;
    int from = (round & (ROUNDS - 1)) * words;
    for (int word = 0; word < words; word++) {
      long bits = due[from + word];
      due[from + word] = 0;
      for (; bits != 0; bits &= bits - 1) {
        int backend = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        backends[count++] = backend;
        schedule(backend);
      }
    }
    return count;
  }

  private void lookThroughLater() {
    int kept = 0;
    for (int i = 0; i < laterCount; i++) {
      if (laterRounds[i] < round + ROUNDS) {
        setDue(later[i], laterRounds[i]);
      } else {
        later[kept] = later[i];
        laterRounds[kept] = laterRounds[i];
        kept++;
      }
    }
    laterCount = kept;
  }
}
