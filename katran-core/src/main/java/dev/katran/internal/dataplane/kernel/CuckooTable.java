package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The positions of keys in a cuckoo hash table. Immutable.
 *
 * <p>A key is in one of the two buckets that its hash selects, so a lookup reads at most two
 * buckets: Pagh and Rodler, "Cuckoo hashing", 2004, <a
 * href="https://doi.org/10.1016/j.jalgor.2003.12.002">doi:10.1016/j.jalgor.2003.12.002</a>. A
 * bucket is a cache line and holds {@code KATRAN_VIPS_PER_LINE} keys. Inserting a key into two full
 * lines evicts a random key from one of them, which is then inserted into its other line.
 *
 * <p>The hash is multilinear: each word of the key times its multiplier, plus an addend. Its upper
 * 32 bits are strongly universal: Lemire and Kaser, "Strongly universal string hashing is fast",
 * 2014, <a href="https://doi.org/10.1093/comjnl/bxt070">doi:10.1093/comjnl/bxt070</a>. If the keys
 * cannot be placed with one choice of multipliers, another one is tried. The C counterpart, which
 * looks keys up, is {@code vip.h}.
 */
final class CuckooTable {

  /** An empty position. */
  static final int FREE = -1;

  private static final int PER_LINE = Katran.KATRAN_VIPS_PER_LINE();
  private static final int WORDS = Katran.KATRAN_VIP_KEY_WORDS();
  private static final int SECOND_SHIFT = Katran.KATRAN_SECOND_VIP_LINE_SHIFT();

  /**
   * The maximum number of hash functions to try. With half of the positions free, one rarely fails.
   */
  private static final int ATTEMPTS = 100;

  /** The maximum number of keys that one insertion may evict. */
  private static final int MAX_EVICTIONS = 200;

  private final int lines;
  private final long[] multipliers;
  private final long addend;
  private final int[] positions;

  private CuckooTable(int lines, SplittableRandom random) {
    this.lines = lines;
    this.multipliers = random.longs(WORDS).toArray();
    this.addend = random.nextLong();
    this.positions = new int[lines * PER_LINE];
    Arrays.fill(positions, FREE);
  }

  /**
   * Creates a table. It is deterministic: the same keys give the same table.
   *
   * @param keys distinct keys of {@code KATRAN_VIP_KEY_WORDS} words each
   * @param lines the number of lines, a power of two
   * @throws IllegalArgumentException if the keys do not fit into the lines
   */
  static CuckooTable of(List<int[]> keys, int lines) {
    SplittableRandom random = new SplittableRandom(keys.size());
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      CuckooTable table = new CuckooTable(lines, random);
      if (table.insertAll(keys, random)) {
        return table;
      }
    }
    throw new IllegalArgumentException(
        "cannot place %d keys in %d lines of %d".formatted(keys.size(), lines, PER_LINE));
  }

  private boolean insertAll(List<int[]> keys, SplittableRandom random) {
    for (int i = 0; i < keys.size(); i++) {
      if (!insert(keys, i, random)) {
        return false;
      }
    }
    return true;
  }

  /** Inserts a key, evicting other keys if necessary. Returns false if a key is left over. */
  private boolean insert(List<int[]> keys, int key, SplittableRandom random) {
    int pending = key;
    for (int i = 0; i <= MAX_EVICTIONS; i++) {
      long hash = hash(keys.get(pending));
      if (occupy(firstLine(hash), pending) || occupy(secondLine(hash), pending)) {
        return true;
      }
      int line = random.nextBoolean() ? firstLine(hash) : secondLine(hash);
      int position = line * PER_LINE + random.nextInt(PER_LINE);
      int evicted = positions[position];
      positions[position] = pending;
      pending = evicted;
    }
    return false;
  }

  private boolean occupy(int line, int key) {
    for (int position = line * PER_LINE; position < (line + 1) * PER_LINE; position++) {
      if (positions[position] == FREE) {
        positions[position] = key;
        return true;
      }
    }
    return false;
  }

  /** Returns the upper 32 bits of the sum. The lower ones are not uniform. */
  private long hash(int[] key) {
    long sum = addend;
    for (int i = 0; i < WORDS; i++) {
      sum += multipliers[i] * Integer.toUnsignedLong(key[i]);
    }
    return sum >>> Integer.SIZE;
  }

  private int firstLine(long hash) {
    return (int) hash & (lines - 1);
  }

  private int secondLine(long hash) {
    return (int) (hash >>> SECOND_SHIFT) & (lines - 1);
  }

  /** Returns the two lines that may hold a key, in lookup order. */
  int[] linesOf(int[] key) {
    long hash = hash(key);
    return new int[] {firstLine(hash), secondLine(hash)};
  }

  /** Returns the number of lines. */
  int lines() {
    return lines;
  }

  /** Returns the index of the key at a position of a line, or {@link #FREE}. */
  int keyAt(int line, int position) {
    return positions[line * PER_LINE + position];
  }

  /** Returns whether a line has no keys. */
  boolean isEmpty(int line) {
    return keyAt(line, 0) == FREE; // a line is filled from its first position
  }

  /** Returns the multipliers of the key's words. */
  long[] multipliers() {
    return multipliers.clone();
  }

  /** Returns the addend of the hash. */
  long addend() {
    return addend;
  }
}
