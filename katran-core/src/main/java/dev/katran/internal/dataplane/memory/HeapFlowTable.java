package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.FlowWord;
import dev.katran.internal.packet.FiveTuple;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A flow table on the heap, with the buckets and the rules of {@code flow.h}. */
final class HeapFlowTable implements FlowTable {

  private final FlowSecret secret;
  private final LongSupplier clock;
  private final int buckets;

  /** The entries; allocated with the first one. */
  private long[] words = {};

  private @Nullable FiveTuple[] flows = {};
  private int[] vips = {};

  /** The time of the last operation. */
  private long last;

  HeapFlowTable(int buckets, FlowSecret secret, LongSupplier clock) {
    this.buckets = buckets;
    this.secret = secret;
    this.clock = clock;
    this.last = clock.getAsLong();
  }

  /**
   * Reads the clock. A test's clock may have jumped by more than a time wraps after; then the times
   * are made coarse first, as they would have been meanwhile.
   */
  private long now() {
    long now = clock.getAsLong();
    if (now - last > FlowWord.LONGEST_STEP) {
      for (int i = 0; i < words.length; i++) {
        words[i] = FlowWord.coarse(words[i], last);
      }
    }
    last = now;
    return now;
  }

  /** Returns an entry's word. Its time becomes coarse as soon as it may. */
  private long word(int index, long now) {
    words[index] = FlowWord.preserved(words[index], now);
    return words[index];
  }

  private int place(FiveTuple flow) {
    return secret.bucket(flow, buckets) * FlowWord.PER_BUCKET;
  }

  /** Returns the index of a flow's entry, or -1. If there are two, the first one counts. */
  private int find(FiveTuple flow) {
    if (words.length == 0) {
      return -1;
    }
    int first = place(flow);
    long tag = secret.tag(flow);
    for (int i = first; i < first + FlowWord.PER_BUCKET; i++) {
      if (words[i] != 0 && FlowWord.hasTag(words[i], tag)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Returns the backend of a flow's entry, or {@link Dataplane#NO_BACKEND} if it has none that was
   * used within {@code idle} nanoseconds. Does not count as a use of the entry.
   */
  synchronized int backend(FiveTuple flow, long idle) {
    int index = find(flow);
    long now = now(); // may change the word
    return index < 0 || FlowWord.unused(word(index, now), now) > idle
        ? Dataplane.NO_BACKEND
        : FlowWord.backend(words[index]);
  }

  /**
   * Marks a flow's entry as used now. Does nothing if there is none.
   *
   * @param vip the VIP that it is for, which is kept when the entry is confirmed
   * @param begins whether the packet begins the flow again, which does not confirm the entry
   */
  synchronized void use(FiveTuple flow, int vip, boolean begins) {
    int index = find(flow);
    if (index >= 0) {
      long now = now(); // may change the word
      long word = word(index, now);
      words[index] = FlowWord.used(word, now, begins);
      if (FlowWord.isConfirmed(words[index]) && !FlowWord.isConfirmed(word)) {
        vips[index] = vip;
      }
    }
  }

  /**
   * Inserts a flow or replaces its entry. Returns whether there was a place.
   *
   * @param patience how long an entry must be unused to make room, in nanoseconds
   * @param begins whether the packet opens a connection
   */
  synchronized boolean insert(FiveTuple flow, int backend, int vip, long patience, boolean begins) {
    allocate();
    int first = place(flow);
    long tag = secret.tag(flow);
    long now = now();
    int place = -1;
    long best = 0;
    for (int i = first; i < first + FlowWord.PER_BUCKET; i++) {
      long suits = FlowWord.suitability(word(i, now), tag, now, patience, begins);
      if (suits > best) {
        best = suits;
        place = i;
      }
    }
    if (place < 0) {
      return false;
    }
    words[place] = FlowWord.of(tag, backend, now, begins);
    flows[place] = flow;
    vips[place] = vip;
    return true;
  }

  private void allocate() {
    if (words.length == 0) {
      int places = buckets * FlowWord.PER_BUCKET;
      words = new long[places];
      flows = new @Nullable FiveTuple[places];
      vips = new int[places];
    }
  }

  /** Removes all entries. */
  synchronized void clear() {
    words = new long[] {};
    flows = new @Nullable FiveTuple[] {};
    vips = new int[] {};
  }

  @Override
  public synchronized @Nullable Entry get(FiveTuple flow) {
    int index = find(flow);
    return index < 0 ? null : entry(index);
  }

  @Override
  public synchronized boolean remove(FiveTuple flow) {
    int index = find(flow);
    if (index < 0) {
      return false;
    }
    remove(index);
    return true;
  }

  private void remove(int index) {
    words[index] = 0;
    flows[index] = null;
  }

  @Override
  public void forEach(Consumer<Entry> action) {
    snapshot().forEach(action);
  }

  @Override
  public Scan scan() {
    Iterator<Entry> remaining = snapshot().iterator();
    return new Scan() {
      @Override
      public boolean next(int count, Consumer<Entry> action) {
        for (int i = 0; i < count && remaining.hasNext(); i++) {
          action.accept(remaining.next());
        }
        return remaining.hasNext();
      }

      @Override
      public void close() {
        // nothing to free
      }
    };
  }

  private synchronized List<Entry> snapshot() {
    List<Entry> snapshot = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      Entry entry = entry(i);
      if (entry != null) {
        snapshot.add(entry);
      }
    }
    return snapshot;
  }

  @Override
  public synchronized long removeIf(Predicate<Entry> condition) {
    long removed = 0;
    for (int i = 0; i < words.length; i++) {
      Entry entry = entry(i);
      if (entry != null && condition.test(entry)) {
        remove(i);
        removed++;
      }
    }
    return removed;
  }

  @Override
  public synchronized void preserveTimes() {
    long now = now();
    for (int i = 0; i < words.length; i++) {
      words[i] = FlowWord.preserved(words[i], now);
    }
  }

  private @Nullable Entry entry(int index) {
    FiveTuple flow = flows[index];
    if (flow == null) {
      return null;
    }
    long now = now(); // may change the word
    long word = word(index, now);
    return new Entry(flow, FlowWord.backend(word), vips[index], FlowWord.unused(word, now));
  }
}
