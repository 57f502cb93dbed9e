package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How a ring is stored, see {@code vip_rings} in {@code katran.h}. Most rings are stable, and the
 * numbers of their backends are close to each other: a slot has a byte, or two. The slots of other
 * rings have few different contents, so that they are indices of a palette, in a byte or two as
 * well. Only what fits neither way has wide slots.
 *
 * @param format of {@code enum katran_ring_format}: the binary logarithm of a slot's bytes
 * @param slots the number of slots
 * @param base what numbers of backends are relative to; 0 with a palette
 * @param palette the number of the palette's entries; 0 if there is none
 */
record RingLayout(int format, int slots, int base, int palette) {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private static final int CHUNK = Katran.KATRAN_RING_CHUNK();
  private static final int LINE = 1 << Katran.KATRAN_RING_LINE_BITS();
  private static final int BYTES = Katran.KATRAN_RING_8();
  private static final int SHORTS = Katran.KATRAN_RING_16();
  private static final int WIDE = Katran.KATRAN_RING_WIDE();
  private static final int UNSET = -1;

  /** The bits of what numbers are relative to, or of the palette's line. */
  private static final int RELATIVE = (1 << 24) - 1;

  /**
   * A ring in this layout.
   *
   * @param contents what the slots hold; null if they are wide
   * @param bytes of the slots, and of the palette
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by identity
  record Encoded(RingLayout layout, RingSlots.@Nullable Contents contents, byte[] bytes) {

    /** Writes the ring to memory that no packet uses yet. */
    void write(RingMemory.Region region) {
      int from = 0;
      for (MemorySegment part : region.parts()) {
        int count = (int) Math.min(bytes.length - from, part.byteSize());
        MemorySegment.copy(bytes, from, part, ValueLayout.JAVA_BYTE, 0, count);
        from += count;
      }
    }
  }

  /** Encodes a ring in the smallest way. */
  static Encoded encode(RingSlots ring) {
    RingSlots.Contents contents = ring.contents();
    if (contents != null) {
      RingLayout layout = of(contents);
      if (layout.format != WIDE) {
        return layout.encode(contents);
      }
    }
    RingLayout layout = new RingLayout(WIDE, ring.size(), 0, 0);
    return layout.encodeWide(ring.words(), ring.previousBackends());
  }

  /**
   * Returns the layout of an installed ring. The inverse of {@link #word}.
   *
   * @param memory returns the memory at a line, see {@link RingMemory#view}
   */
  static RingLayout of(long word, int slots, RingMemory memory) {
    int format = (int) word & Katran.KATRAN_RING_FORMAT();
    int relative = (int) (word >>> Katran.KATRAN_RING_BASE_SHIFT()) & RELATIVE;
    if ((word & Katran.KATRAN_RING_PALETTE()) == 0) {
      return new RingLayout(format, slots, relative, 0);
    }
    RingLayout indices = new RingLayout(format, slots, 0, 0);
    int last = 0;
    for (char index : indices.values(memory.view(line(word), indices.bytes()))) {
      last = Math.max(last, index);
    }
    return new RingLayout(format, slots, 0, last + 1);
  }

  /** Returns the first line of an installed ring, counted from the start of chunk 0. */
  static long line(long word) {
    return word >>> Katran.KATRAN_RING_LINE_SHIFT();
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
    long[] contents = format == WIDE ? wideSlots(region) : indexed(region);
    int[] words = new int[slots];
    for (int slot = 0; slot < slots; slot++) {
      words[slot] = (int) contents[slot];
    }
    return stable.withUnstable(words, slot -> (int) (contents[slot] >>> Integer.SIZE));
  }

  private long[] indexed(RingMemory.Region region) {
    char[] values = values(region);
    MemorySegment entries = palette(region);
    long[] contents = new long[slots];
    for (int slot = 0; slot < slots; slot++) {
      contents[slot] = (long) LONG.getOpaque(entries, (long) values[slot] * Long.BYTES);
    }
    return contents;
  }

  private long[] wideSlots(RingMemory.Region region) {
    long[] contents = new long[slots];
    int slot = 0;
    for (MemorySegment part : region.parts()) {
      long end = Math.min((long) (slots - slot) * Long.BYTES, part.byteSize());
      for (long offset = 0; offset < end; offset += Long.BYTES) {
        contents[slot++] = (long) LONG.getOpaque(part, offset);
      }
    }
    return contents;
  }

  private static RingLayout of(RingSlots.Contents contents) {
    int size = contents.slots().length;
    int first = Integer.MAX_VALUE;
    int last = 0;
    long all = 0;
    for (long content : contents.table()) {
      all |= content;
      int backend = (int) content & Katran.KATRAN_SLOT_BACKEND();
      first = Math.min(first, backend == Dataplane.NO_BACKEND ? Integer.MAX_VALUE : backend);
      last = Math.max(last, backend);
    }
    int base = last == Dataplane.NO_BACKEND ? 0 : first - 1;
    if ((all & ~Katran.KATRAN_SLOT_BACKEND()) == 0 && last - base < 1 << Short.SIZE) {
      return new RingLayout(last - base < 1 << Byte.SIZE ? BYTES : SHORTS, size, base, 0);
    }
    int palette = contents.table().length;
    RingLayout indexed =
        new RingLayout(palette <= 1 << Byte.SIZE ? BYTES : SHORTS, size, 0, palette);
    RingLayout wide = new RingLayout(WIDE, size, 0, 0);
    return indexed.bytes() <= Math.min(wide.bytes(), CHUNK) ? indexed : wide;
  }

  /** Returns whether slots can have another state than stable. */
  boolean hasStates() {
    return palette > 0 || format == WIDE;
  }

  /** Returns the memory of the ring, in bytes. */
  long bytes() {
    return palette == 0 ? slotBytes() : paletteOffset() + (long) palette * Long.BYTES;
  }

  private long slotBytes() {
    return (long) slots << format;
  }

  /** Returns where the palette is, in bytes from the first slot. */
  private long paletteOffset() {
    return Math.ceilDiv(slotBytes(), LINE) * LINE;
  }

  /** Returns the word that leads to a ring: a value of the map {@code vip_rings}. */
  long word(RingMemory.Region region) {
    long relative = palette == 0 ? base : paletteOffset() / LINE;
    return region.line() << Katran.KATRAN_RING_LINE_SHIFT()
        | relative << Katran.KATRAN_RING_BASE_SHIFT()
        | (palette == 0 ? 0 : Katran.KATRAN_RING_PALETTE())
        | Katran.KATRAN_RING_EXISTS()
        | format;
  }

  private Encoded encode(RingSlots.Contents contents) {
    byte[] bytes = new byte[Math.toIntExact(bytes())];
    char[] values = palette == 0 ? relative(contents) : contents.slots();
    if (format == BYTES) {
      for (int slot = 0; slot < slots; slot++) {
        bytes[slot] = (byte) values[slot];
      }
    } else {
      MemorySegment.copy(
          values, 0, MemorySegment.ofArray(bytes), ValueLayout.JAVA_CHAR_UNALIGNED, 0, slots);
    }
    if (palette > 0) {
      MemorySegment.copy(
          contents.table(),
          0,
          MemorySegment.ofArray(bytes),
          ValueLayout.JAVA_LONG_UNALIGNED,
          paletteOffset(),
          palette);
    }
    return new Encoded(this, contents, bytes);
  }

  /** Returns the number of each slot's backend, relative to the base. */
  private char[] relative(RingSlots.Contents contents) {
    char[] numbers = new char[contents.table().length];
    for (int i = 0; i < numbers.length; i++) {
      long backend = contents.table()[i];
      numbers[i] = (char) (backend == Dataplane.NO_BACKEND ? 0 : backend - base);
    }
    char[] relative = new char[slots];
    for (int slot = 0; slot < slots; slot++) {
      relative[slot] = numbers[contents.slots()[slot]];
    }
    return relative;
  }

  private Encoded encodeWide(int[] words, int @Nullable [] previous) {
    byte[] bytes = new byte[Math.toIntExact(bytes())];
    MemorySegment segment = MemorySegment.ofArray(bytes);
    for (int slot = 0; slot < slots; slot++) {
      segment.set(
          ValueLayout.JAVA_LONG_UNALIGNED,
          (long) slot * Long.BYTES,
          wide(words[slot], previous == null ? 0 : previous[slot]));
    }
    return new Encoded(this, null, bytes);
  }

  private static long wide(int word, int previous) {
    return Integer.toUnsignedLong(word) | (long) previous << Integer.SIZE;
  }

  /** Returns the backends of a ring in memory, or null if its slots are wide. */
  @Nullable RingBackends read(RingMemory.Region region) {
    if (format == WIDE) {
      return null;
    }
    char[] values = values(region);
    int[] table;
    if (palette == 0) {
      int last = 0;
      for (char value : values) {
        last = Math.max(last, value);
      }
      table = new int[last + 1];
      for (int i = 1; i <= last; i++) {
        table[i] = base + i;
      }
      return new RingBackends(table, values);
    }
    table = new int[palette];
    MemorySegment entries = palette(region);
    for (int i = 0; i < palette; i++) {
      table[i] = (int) entries.getAtIndex(ValueLayout.JAVA_LONG, i) & Katran.KATRAN_SLOT_BACKEND();
    }
    return RingBackends.of(table, values);
  }

  /** Reads slots of a byte or two. */
  private char[] values(RingMemory.Region region) {
    char[] values = new char[slots];
    int from = 0;
    for (MemorySegment part : region.parts()) {
      int count = (int) Math.min(slots - from, part.byteSize() >> format);
      if (format == BYTES) {
        byte[] bytes = new byte[count];
        MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, bytes, 0, count);
        for (int i = 0; i < count; i++) {
          values[from + i] = (char) Byte.toUnsignedInt(bytes[i]);
        }
      } else {
        MemorySegment.copy(part, ValueLayout.JAVA_CHAR, 0, values, from, count);
      }
      from += count;
    }
    return values;
  }

  private MemorySegment palette(RingMemory.Region region) {
    return region.parts().getFirst().asSlice(paletteOffset(), (long) palette * Long.BYTES);
  }

  /**
   * Writes the slots that have another state in a ring that packets use. Each is written at once,
   * or those of the same content together. The backends must be those of the ring that this layout
   * was made for.
   *
   * @return whether that was possible: slots of the same content must have the same one again
   */
  boolean update(Encoded ring, RingMemory.Region region) {
    if (format == WIDE && ring.layout().format == WIDE) {
      updateWide(ring.bytes(), region);
      return true;
    }
    return palette > 0 && ring.contents() != null && updatePalette(ring.contents(), region);
  }

  private boolean updatePalette(RingSlots.Contents contents, RingMemory.Region region) {
    char[] values = values(region);
    int[] places = new int[palette];
    Arrays.fill(places, UNSET);
    for (int slot = 0; slot < slots; slot++) {
      int place = contents.slots()[slot];
      int known = places[values[slot]];
      if (known != place && known != UNSET) {
        return false;
      }
      places[values[slot]] = place;
    }
    MemorySegment entries = palette(region);
    for (int i = 0; i < palette; i++) {
      if (places[i] != UNSET) {
        LONG.setOpaque(entries, (long) i * Long.BYTES, contents.table()[places[i]]);
      }
    }
    return true;
  }

  private static void updateWide(byte[] bytes, RingMemory.Region region) {
    MemorySegment slots = MemorySegment.ofArray(bytes);
    long from = 0;
    for (MemorySegment part : region.parts()) {
      long count = Math.min(bytes.length - from, part.byteSize());
      for (long offset = 0; offset < count; offset += Long.BYTES) {
        long slot = slots.get(ValueLayout.JAVA_LONG_UNALIGNED, from + offset);
        if ((long) LONG.getOpaque(part, offset) != slot) {
          LONG.setOpaque(part, offset, slot);
        }
      }
      from += count;
    }
  }
}
