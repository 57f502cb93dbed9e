package dev.katran.internal.dataplane;

import java.time.Duration;

/**
 * An entry of the flow table: a word with the time of the last use, two flags, the backend's index
 * and the flow's tag. 0 is an empty place. The C counterparts are {@code katran.h} for the fields
 * and {@code flow.h} for the rules.
 */
public final class FlowWord {

  /** The entries of a bucket: {@code KATRAN_FLOWS_PER_BUCKET}. */
  public static final int PER_BUCKET = 8;

  /** The exclusive upper bound of backend indices: 2^{@code KATRAN_FLOW_BACKEND_BITS}. */
  public static final int BACKENDS = 1 << 18;

  /** How long an entry must be unused before a packet that begins nothing evicts it. */
  public static final long TRACKED_PATIENCE = Duration.ofSeconds(16).toNanos();

  /** {@code KATRAN_FLOW_UNIT}. */
  static final int UNIT = 30;

  /** {@code KATRAN_FLOW_COARSE_UNIT}. */
  static final int COARSE_UNIT = 8;

  /** {@code KATRAN_FLOW_SKEW}. */
  static final int SKEW = 2;

  /** {@code KATRAN_FLOW_TIME_BITS}. */
  static final int TIME_BITS = 10;

  /** {@code KATRAN_FLOW_IS_COARSE}. */
  static final int IS_COARSE = 1 << 10;

  /** {@code KATRAN_FLOW_IS_CONFIRMED}. */
  static final int IS_CONFIRMED = 1 << 11;

  /** {@code KATRAN_FLOW_HAS_BEGUN}. */
  static final int HAS_BEGUN = 1 << 12;

  /** {@code KATRAN_FLOW_BACKEND_SHIFT}. */
  static final int BACKEND_SHIFT = 13;

  /** {@code KATRAN_FLOW_TAG_SHIFT}. */
  static final int TAG_SHIFT = 31;

  private static final int TIMES = 1 << TIME_BITS;

  /** After how many nanoseconds times have to be {@link #preserved} at the latest. */
  public static final long LONGEST_STEP = (TIMES / 2L - 8) << UNIT;

  /** The age in units from which a time is made coarse, long before it wraps. */
  private static final int FINE = TIMES / 2;

  /** The age in coarse units that is never exceeded, so that an old entry does not look new. */
  private static final int OLDEST = TIMES * 3 / 8;

  private FlowWord() {}

  /** Returns a tag from a hash, whose upper bits count. */
  static long tagOf(long hash) {
    return hash >>> TAG_SHIFT << TAG_SHIFT;
  }

  /** Returns the word of a new entry. */
  public static long of(long tag, int backend, long now, boolean begins) {
    return tag | (long) backend << BACKEND_SHIFT | (begins ? HAS_BEGUN : 0) | time(now >>> UNIT);
  }

  private static long time(long units) {
    return units & (TIMES - 1);
  }

  /** Returns a word with this time of its last use, confirmed unless the flow begins again. */
  public static long used(long word, long now, boolean begins) {
    long flags = (word & (IS_CONFIRMED | HAS_BEGUN)) | (begins ? 0 : IS_CONFIRMED);
    return of(tagOf(word), backend(word), now, /* begins= */ false) | flags;
  }

  /** Returns whether a packet has found the entry. */
  public static boolean isConfirmed(long word) {
    return (word & IS_CONFIRMED) != 0;
  }

  /** Returns whether the word has this tag. */
  public static boolean hasTag(long word, long tag) {
    return (word ^ tag) >>> TAG_SHIFT == 0;
  }

  /** Returns the backend's index. */
  public static int backend(long word) {
    return (int) (word >>> BACKEND_SHIFT) & (BACKENDS - 1);
  }

  /** Returns for how many nanoseconds the entry has been unused at least. */
  public static long unused(long word, long now) {
    return unusedUnits(word, now) << UNIT;
  }

  private static boolean isCoarse(long word) {
    return (word & IS_COARSE) != 0;
  }

  /** Returns the age in the word's own units, rounded up; negative if another clock is ahead. */
  private static long age(long word, long now) {
    long units = now >>> (isCoarse(word) ? UNIT + COARSE_UNIT : UNIT);
    return time(units - word + SKEW) - SKEW;
  }

  private static long unusedUnits(long word, long now) {
    long age = Math.max(0, age(word, now) - 1);
    return isCoarse(word) ? age << COARSE_UNIT : age;
  }

  /**
   * Returns how well the place of a word suits a new entry: the most suitable has the highest
   * number; 0 does not suit.
   *
   * @param patience how long an entry must be unused before it is evicted, in nanoseconds
   * @param begins whether the new entry's packet opens a connection
   */
  public static long suitability(long word, long tag, long now, long patience, boolean begins) {
    long unused = unusedUnits(word, now);
    if (hasTag(word, tag)) {
      return 4L << 32;
    }
    if (word == 0) {
      return 3L << 32;
    }
    if (!isConfirmed(word) && unused > 0) {
      if ((word & HAS_BEGUN) != 0) {
        return (2L << 32) + unused;
      }
      if (!begins) {
        return (1L << 32) + unused;
      }
    }
    return unused << UNIT > patience ? unused : 0;
  }

  /** Returns the word with a time that is far from wrapping; usually the same word. */
  public static long preserved(long word, long now) {
    long age = age(word, now);
    long coarseNow = now >>> (UNIT + COARSE_UNIT);
    if (isCoarse(word)) {
      return age > OLDEST ? withCoarseTime(word, coarseNow - OLDEST) : word;
    }
    return age > FINE ? coarse(word, now) : word;
  }

  /** Returns the word with its time in coarse units. */
  public static long coarse(long word, long now) {
    return word == 0 || isCoarse(word)
        ? word
        : withCoarseTime(word, ((now >>> UNIT) - age(word, now)) >> COARSE_UNIT);
  }

  private static long withCoarseTime(long word, long time) {
    return (word & -TIMES) | IS_COARSE | time(time);
  }
}
