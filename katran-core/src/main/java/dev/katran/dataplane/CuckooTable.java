package dev.katran.dataplane;

import dev.katran.bpf.generated.Katran;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Places for keys, each in one of the two lines that its hash names: cuckoo hashing (Pagh and
 * Rodler, 2004) with as many keys in a line as {@code katran.h} says, where the hash is described,
 * too. Immutable.
 */
final class CuckooTable {

  /** A place that nobody has. */
  static final int FREE = -1;

  private static final int PER_LINE = Katran.KATRAN_VIPS_PER_LINE();
  private static final int WORDS = Katran.KATRAN_VIP_KEY_WORDS();
  private static final int SECOND_SHIFT = Katran.KATRAN_SECOND_VIP_LINE_SHIFT();

  /** With half of the places free, one attempt in very many fails. */
  private static final int ATTEMPTS = 100;

  /** How many keys one new key may drive away, one after the other. */
  private static final int EVICTIONS = 200;

  private final int lines;
  private final long[] multipliers;
  private final long addend;
  private final int[] places;

  private CuckooTable(int lines, SplittableRandom random) {
    this.lines = lines;
    this.multipliers = random.longs(WORDS).toArray();
    this.addend = random.nextLong();
    this.places = new int[lines * PER_LINE];
    Arrays.fill(places, FREE);
  }

  /**
   * A table of these keys; the same for the same keys.
   *
   * @param keys different ones, of {@code KATRAN_VIP_KEY_WORDS} words each
   * @param lines a power of two
   * @throws IllegalArgumentException if the lines are too few for the keys
   */
  static CuckooTable of(List<int[]> keys, int lines) {
    SplittableRandom random = new SplittableRandom(keys.size());
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      CuckooTable table = new CuckooTable(lines, random);
      if (table.placeAll(keys, random)) {
        return table;
      }
    }
    throw new IllegalArgumentException(
        "%d keys find no places in %d lines of %d".formatted(keys.size(), lines, PER_LINE));
  }

  private boolean placeAll(List<int[]> keys, SplittableRandom random) {
    for (int i = 0; i < keys.size(); i++) {
      if (!place(keys, i, random)) {
        return false;
      }
    }
    return true;
  }

  /** Gives a key a place: a free one, or else another key's, which then needs a place itself. */
  private boolean place(List<int[]> keys, int key, SplittableRandom random) {
    int homeless = key;
    for (int i = 0; i <= EVICTIONS; i++) {
      long hash = hash(keys.get(homeless));
      if (occupy(firstLine(hash), homeless) || occupy(secondLine(hash), homeless)) {
        return true;
      }
      int line = random.nextBoolean() ? firstLine(hash) : secondLine(hash);
      int place = line * PER_LINE + random.nextInt(PER_LINE);
      int evicted = places[place];
      places[place] = homeless;
      homeless = evicted;
    }
    return false;
  }

  private boolean occupy(int line, int key) {
    for (int place = line * PER_LINE; place < (line + 1) * PER_LINE; place++) {
      if (places[place] == FREE) {
        places[place] = key;
        return true;
      }
    }
    return false;
  }

  /** The upper 32 bits of the sum, which are as good as random. */
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

  /** The lines in which a key may be, the first one first. */
  int[] linesOf(int[] key) {
    long hash = hash(key);
    return new int[] {firstLine(hash), secondLine(hash)};
  }

  /** Which key has a place, by its index; {@link #FREE} if none has. */
  int keyAt(int line, int place) {
    return places[line * PER_LINE + place];
  }

  /** Whether a line has no key. */
  boolean isEmpty(int line) {
    return keyAt(line, 0) == FREE; // places are taken from the first on
  }

  /** What the key's words are multiplied by. */
  long[] multipliers() {
    return multipliers.clone();
  }

  /** What is added to them. */
  long addend() {
    return addend;
  }
}
