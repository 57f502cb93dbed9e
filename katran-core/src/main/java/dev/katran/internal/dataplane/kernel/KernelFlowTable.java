package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.katran_flow_key;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.FlowWord;
import dev.katran.internal.packet.FiveTuple;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The flow table in the kernel: the shared maps and those of single CPUs, read and written through
 * memory while packets use them.
 *
 * <p>An entry's flow is in a map of its own and is not written together with its word. It counts if
 * its bucket and its tag are the word's. Otherwise the entry is being inserted, or two CPUs have
 * inserted at the same place; the next packet of the flow mends that.
 */
final class KernelFlowTable implements FlowTable {

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  /** How often a flow is read that does not belong to its word. An insertion takes nanoseconds. */
  private static final int READS = 1000;

  /** Words that are copied at a time: most are zero, and a copy is searched many times faster. */
  private static final int COPIED = 4096;

  /** A pass over the table takes as many calls: four minutes. A time wraps after 18 minutes. */
  private static final int CALLS_PER_PASS = (int) Duration.ofMinutes(4).toSeconds();

  private final Supplier<List<FlowMaps>> tables;
  private final FlowSecret secret;
  private final LongSupplier clock;

  /** The calls of {@link #preserveTimes} since the last pass. */
  private int calls;

  /** Creates a view of the maps that exist at the time of each operation. */
  KernelFlowTable(Supplier<List<FlowMaps>> tables, FlowSecret secret, LongSupplier clock) {
    this.tables = tables;
    this.secret = secret;
    this.clock = clock;
  }

  @Override
  public @Nullable Entry get(FiveTuple flow) {
    long tag = secret.tag(flow);
    for (FlowMaps table : tables.get()) {
      int first = firstPlace(table, flow);
      for (int place = first; place < first + FlowWord.PER_BUCKET; place++) {
        long word = word(table.words(), place);
        if (word != 0 && FlowWord.hasTag(word, tag)) {
          return entry(flow, word, readVip(table, place));
        }
      }
    }
    return null;
  }

  private int firstPlace(FlowMaps table, FiveTuple flow) {
    return secret.bucket(flow, table.count()) * FlowWord.PER_BUCKET;
  }

  private static long word(MemorySegment words, long place) {
    return (long) WORD.getOpaque(words, place * Long.BYTES);
  }

  /** Removes the entry at a place unless it has changed. Returns whether it did. */
  private static boolean remove(MemorySegment words, long place, long word) {
    return WORD.compareAndSet(words, place * Long.BYTES, word, 0L);
  }

  private static int readVip(FlowMaps table, long place) {
    return katran_flow_key.vip(key(table, place));
  }

  private static MemorySegment key(FlowMaps table, long place) {
    long size = katran_flow_key.sizeof();
    return table.flows().asSlice(place * size, size);
  }

  @Override
  public boolean remove(FiveTuple flow) {
    long tag = secret.tag(flow);
    boolean removed = false;
    for (FlowMaps table : tables.get()) {
      MemorySegment words = table.words();
      int first = firstPlace(table, flow);
      for (int place = first; place < first + FlowWord.PER_BUCKET; place++) {
        long word = word(words, place);
        while (word != 0 && FlowWord.hasTag(word, tag)) {
          removed |= remove(words, place, word);
          word = word(words, place);
        }
      }
    }
    return removed;
  }

  @Override
  public void forEach(Consumer<Entry> action) {
    try (Scan scan = scan()) {
      while (scan.next(Integer.MAX_VALUE, action)) {
        // next() processes the entries
      }
    }
  }

  @Override
  public Scan scan() {
    return new KernelScan(tables.get());
  }

  /** Scans one table after the other. Any thread may take the next step. */
  private final class KernelScan implements Scan {

    private final Iterator<FlowMaps> remaining;
    private @Nullable FlowMaps table;
    private int bucket;

    KernelScan(List<FlowMaps> tables) {
      remaining = tables.iterator();
    }

    @Override
    public boolean next(int count, Consumer<Entry> action) {
      long passed = 0;
      while (passed < count) {
        if (table == null || bucket == table.count()) {
          if (!remaining.hasNext()) {
            return false;
          }
          table = remaining.next();
          bucket = 0;
        }
        passed += visit(table, bucket++, action);
      }
      return true;
    }

    @Override
    public void close() {
      // A scan holds neither memory nor a descriptor.
    }
  }

  /** Passes a bucket's entries to an action. Returns how many places that took. */
  private int visit(FlowMaps table, int bucket, Consumer<Entry> action) {
    MemorySegment words = table.words();
    long first = (long) bucket * FlowWord.PER_BUCKET;
    for (long place = first; place < first + FlowWord.PER_BUCKET; place++) {
      long word = word(words, place);
      Entry entry = word == 0 ? null : read(table, place, word);
      if (entry != null) {
        action.accept(entry);
      }
    }
    return FlowWord.PER_BUCKET;
  }

  /** Reads an entry. Returns null if the flow at its place is another one. */
  private @Nullable Entry read(FlowMaps table, long place, long word) {
    int bucket = (int) (place / FlowWord.PER_BUCKET);
    MemorySegment key = key(table, place);
    for (int i = 0; i < READS; i++) {
      int vip = katran_flow_key.vip(key);
      FiveTuple flow = Abi.readFlow(katran_flow_key.flow(key));
      if (FlowWord.hasTag(word, secret.tag(flow)) && secret.bucket(flow, table.count()) == bucket) {
        return entry(flow, word, vip);
      }
      Thread.onSpinWait();
    }
    return null;
  }

  private Entry entry(FiveTuple flow, long word, int vip) {
    return new Entry(flow, FlowWord.backend(word), vip, FlowWord.unused(word, clock.getAsLong()));
  }

  /** Removes entries whose flow is not known as well: the condition may be that of any of them. */
  @Override
  public long removeIf(Predicate<Entry> condition) {
    long removed = 0;
    long[] copy = new long[COPIED];
    for (FlowMaps table : tables.get()) {
      MemorySegment words = table.words();
      long places = (long) table.count() * FlowWord.PER_BUCKET;
      for (long first = 0; first < places; first += COPIED) {
        int count = (int) Math.min(COPIED, places - first);
        MemorySegment.copy(words, ValueLayout.JAVA_LONG, first * Long.BYTES, copy, 0, count);
        for (int i = 0; i < count; i++) {
          if (copy[i] != 0) {
            removed += removeIf(condition, table, first + i);
          }
        }
      }
    }
    return removed;
  }

  private int removeIf(Predicate<Entry> condition, FlowMaps table, long place) {
    long word = word(table.words(), place);
    if (word == 0) {
      return 0; // removed meanwhile
    }
    Entry entry = read(table, place, word);
    boolean isRemoved =
        (entry == null || condition.test(entry)) && remove(table.words(), place, word);
    return isRemoved && entry != null ? 1 : 0;
  }

  @Override
  public synchronized void preserveTimes() {
    calls = (calls + 1) % CALLS_PER_PASS;
    long now = clock.getAsLong();
    for (FlowMaps table : tables.get()) {
      MemorySegment words = table.words();
      long places = (long) table.count() * FlowWord.PER_BUCKET;
      long end = places * (calls + 1) / CALLS_PER_PASS;
      for (long place = places * calls / CALLS_PER_PASS; place < end; place++) {
        long word = word(words, place);
        long preserved = FlowWord.preserved(word, now);
        if (preserved != word) {
          WORD.compareAndSet(words, place * Long.BYTES, word, preserved);
        }
      }
    }
  }

  /** Removes all flows. No program may insert any meanwhile. */
  void clear() {
    tables.get().forEach(table -> table.words().fill((byte) 0));
  }
}
