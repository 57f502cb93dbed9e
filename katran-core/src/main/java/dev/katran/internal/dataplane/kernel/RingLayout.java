package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingSlots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * How the slots of a ring are stored. Most rings are stable, and the numbers of their backends are
 * close to each other, so that one byte per slot is enough, or two: such a ring takes an eighth or
 * a quarter of the widest one's memory and cache lines.
 *
 * @param format of {@code enum katran_ring_format}: the binary logarithm of a slot's bytes
 * @param base what numbers of backends are relative to
 */
record RingLayout(int format, int base) {

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private static final int FLAGS = ~Katran.KATRAN_SLOT_BACKEND();
  private static final int STATES =
      Katran.KATRAN_SLOT_CHANGING() | Katran.KATRAN_SLOT_SETTLED();
  private static final int FORMAT = Katran.KATRAN_RING_FORMAT();
  private static final int BASE = (1 << 24) - 1;
  private static final int NUMBER_BITS = Katran.KATRAN_RING_NUMBER_BITS();

  private static final int NUMBER = (1 << NUMBER_BITS) - 1;

  /** Returns the smallest layout of a ring with these words and previous backends. */
  static RingLayout of(int[] words, int @Nullable [] previous) {
    int flags = 0;
    for (int word : words) {
      flags |= word;
    }
    int first = Math.min(first(words), previous == null ? Integer.MAX_VALUE : first(previous));
    int last = Math.max(last(words), previous == null ? 0 : last(previous));
    int base = last == Dataplane.NO_BACKEND ? 0 : first - 1;
    int format = format((flags & FLAGS) == 0, last - base);
    return new RingLayout(format, format == Katran.KATRAN_RING_WIDE() ? 0 : base);
  }

  /** Returns the layout of an installed ring. The inverse of {@link #word}. */
  static RingLayout of(long word) {
    int format = (int) word & FORMAT;
    int base = (int) (word >>> Katran.KATRAN_RING_BASE_SHIFT()) & BASE;
    return new RingLayout(format, base);
  }

  /** Returns the first line of an installed ring, counted from the start of chunk 0. */
  static long line(long word) {
    return word >>> Katran.KATRAN_RING_LINE_SHIFT();
  }

  private static int format(boolean isStable, int last) {
    if (isStable && last < 1 << Byte.SIZE) {
      return Katran.KATRAN_RING_STABLE_8();
    }
    if (isStable && last < 1 << Short.SIZE) {
      return Katran.KATRAN_RING_STABLE_16();
    }
    return !isStable && last < 1 << NUMBER_BITS
        ? Katran.KATRAN_RING_CHANGING()
        : Katran.KATRAN_RING_WIDE();
  }

  /** Returns the lowest number of a backend, or another large number if there is no backend. */
  private static int first(int[] words) {
    int lowest = Integer.MAX_VALUE - 1;
    for (int word : words) {
      lowest = Math.min(lowest, (backend(word) - 1) & Integer.MAX_VALUE); // none: the largest
    }
    return lowest + 1;
  }

  /** Returns the highest number of a backend, or 0 if there is no backend. */
  private static int last(int[] words) {
    int highest = 0;
    for (int word : words) {
      highest = Math.max(highest, backend(word));
    }
    return highest;
  }

  private static int backend(int word) {
    return word & Katran.KATRAN_SLOT_BACKEND();
  }

  /** Returns whether slots can have another state than stable. */
  boolean hasStates() {
    return format >= Katran.KATRAN_RING_CHANGING();
  }

  /** Returns the memory of a ring with this many slots, in bytes. */
  long bytes(int slots) {
    return (long) slots << format;
  }

  /** Returns the word that leads to a ring: a value of the map {@code vip_rings}. */
  long word(RingMemory.Region region) {
    return region.line() << Katran.KATRAN_RING_LINE_SHIFT()
        | (long) base << Katran.KATRAN_RING_BASE_SHIFT()
        | Katran.KATRAN_RING_EXISTS()
        | format;
  }

  /** Writes a ring that no packet uses yet. */
  void write(int[] words, int @Nullable [] previous, RingMemory.Region region) {
    int from = 0;
    for (MemorySegment part : region.parts()) {
      int count = (int) Math.min(words.length - from, part.byteSize() >> format);
      write(words, previous, from, count, part);
      from += count;
    }
  }

  /** Writes some slots. They are converted in an array, where that is vectorised. */
  private void write(
      int[] words, int @Nullable [] previous, int from, int count, MemorySegment part) {
    if (format == Katran.KATRAN_RING_STABLE_8()) {
      byte[] slots = new byte[count];
      for (int i = 0; i < count; i++) {
        slots[i] = (byte) relative(words[from + i]);
      }
      MemorySegment.copy(slots, 0, part, ValueLayout.JAVA_BYTE, 0, count);
    } else if (format == Katran.KATRAN_RING_STABLE_16()) {
      short[] slots = new short[count];
      for (int i = 0; i < count; i++) {
        slots[i] = (short) relative(words[from + i]);
      }
      MemorySegment.copy(slots, 0, part, ValueLayout.JAVA_SHORT, 0, count);
    } else if (format == Katran.KATRAN_RING_CHANGING()) {
      int[] slots = new int[count];
      for (int i = 0; i < count; i++) {
        slots[i] = changing(words[from + i], previous == null ? 0 : previous[from + i]);
      }
      MemorySegment.copy(slots, 0, part, ValueLayout.JAVA_INT, 0, count);
    } else {
      long[] slots = new long[count];
      for (int i = 0; i < count; i++) {
        slots[i] = wide(words[from + i], previous == null ? 0 : previous[from + i]);
      }
      MemorySegment.copy(slots, 0, part, ValueLayout.JAVA_LONG, 0, count);
    }
  }

  /** Returns the slots of a ring that are all stable, or null if the format is made for others. */
  int @Nullable [] read(RingMemory.Region region, int slots) {
    if (format == Katran.KATRAN_RING_CHANGING()) {
      return null;
    }
    int[] words = new int[slots];
    int from = 0;
    for (MemorySegment part : region.parts()) {
      int count = (int) Math.min(slots - from, part.byteSize() >> format);
      read(part.asSlice(0, (long) count << format), words, from);
      from += count;
    }
    return words;
  }

  /**
   * Reads an installed ring.
   *
   * @param stable its backends, in slots that are all stable
   */
  RingSlots adopt(RingMemory.Region region, RingSlots stable) {
    if (!hasStates()) {
      return stable;
    }
    int[] words = new int[stable.size()];
    int[] previous = new int[words.length];
    int slot = 0;
    for (MemorySegment part : region.parts()) {
      long end = Math.min((long) (words.length - slot) << format, part.byteSize());
      for (long offset = 0; offset < end; offset += 1L << format) {
        if (format == Katran.KATRAN_RING_CHANGING()) {
          int stored = (int) INT.getOpaque(part, offset);
          words[slot] = absolute(stored & NUMBER) | (stored >>> 1 & STATES);
          previous[slot] = absolute(stored >>> NUMBER_BITS & NUMBER);
        } else {
          long stored = (long) LONG.getOpaque(part, offset);
          words[slot] = (int) stored;
          previous[slot] = (int) (stored >>> Integer.SIZE);
        }
        slot++;
      }
    }
    return stable.withUnstable(words, index -> previous[index]);
  }

  private void read(MemorySegment part, int[] words, int from) {
    if (format == Katran.KATRAN_RING_STABLE_8()) {
      byte[] slots = part.toArray(ValueLayout.JAVA_BYTE);
      for (int i = 0; i < slots.length; i++) {
        words[from + i] = absolute(Byte.toUnsignedInt(slots[i]));
      }
    } else if (format == Katran.KATRAN_RING_STABLE_16()) {
      short[] slots = part.toArray(ValueLayout.JAVA_SHORT);
      for (int i = 0; i < slots.length; i++) {
        words[from + i] = absolute(Short.toUnsignedInt(slots[i]));
      }
    } else {
      long[] slots = part.toArray(ValueLayout.JAVA_LONG);
      for (int i = 0; i < slots.length; i++) {
        words[from + i] = (int) slots[i];
      }
    }
  }

  /** Returns a number from one relative to the base. The inverse of {@link #relative}. */
  private int absolute(int number) {
    return number == Dataplane.NO_BACKEND ? number : number + base;
  }

  /**
   * Writes the slots that have another state in a ring that packets use. Each is written at once.
   * The backends must be those of the ring that this layout was made for.
   */
  void update(int[] words, int @Nullable [] previous, RingMemory.Region region) {
    int slot = 0;
    for (MemorySegment part : region.parts()) {
      long end = Math.min((long) (words.length - slot) << format, part.byteSize());
      for (long offset = 0; offset < end; offset += 1L << format) {
        update(words[slot], previous == null ? 0 : previous[slot], part, offset);
        slot++;
      }
    }
  }

  private void update(int word, int previous, MemorySegment part, long offset) {
    if (format == Katran.KATRAN_RING_CHANGING()) {
      int slot = changing(word, previous);
      if ((int) INT.getOpaque(part, offset) != slot) {
        INT.setOpaque(part, offset, slot);
      }
    } else {
      long slot = wide(word, previous);
      if ((long) LONG.getOpaque(part, offset) != slot) {
        LONG.setOpaque(part, offset, slot);
      }
    }
  }

  private int changing(int word, int previous) {
    return relative(backend(word)) | relative(previous) << NUMBER_BITS | (word & FLAGS) << 1;
  }

  private static long wide(int word, int previous) {
    return Integer.toUnsignedLong(word) | (long) previous << Integer.SIZE;
  }

  /** Returns a number relative to the base, or 0 for no backend, without a branch. */
  private int relative(int backend) {
    return (backend - base) & (-backend >> 31);
  }
}
