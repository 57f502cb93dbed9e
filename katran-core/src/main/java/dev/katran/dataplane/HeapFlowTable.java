package dev.katran.dataplane;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A flow table on the heap. When it is full, the least recently used entry makes room. */
final class HeapFlowTable implements FlowTable {

  /**
   * What is remembered of a flow.
   *
   * @param backend its number
   * @param vip its number
   * @param lastUsed when, by the table's clock
   */
  record Remembered(int backend, int vip, long lastUsed) {}

  private final Map<FiveTuple, Remembered> entries;
  private final LongSupplier clock;

  HeapFlowTable(int capacity, LongSupplier clock) {
    this.entries = new LeastRecentlyUsedFirst(capacity);
    this.clock = clock;
  }

  /** What is remembered of a flow; its place in the order of use stays. */
  synchronized @Nullable Remembered find(FiveTuple flow) {
    return entries.get(flow);
  }

  /** Remembers a flow, which becomes the most recently used one. */
  synchronized void put(FiveTuple flow, Remembered remembered) {
    // to where the new ones are, at the end
    entries.remove(flow);
    entries.put(flow, remembered);
  }

  synchronized void clear() {
    entries.clear();
  }

  @Override
  public @Nullable Entry get(FiveTuple flow) {
    Remembered remembered = find(flow);
    return remembered == null ? null : entry(flow, remembered);
  }

  @Override
  public synchronized boolean remove(FiveTuple flow) {
    return entries.remove(flow) != null;
  }

  @Override
  public void forEach(Consumer<Entry> action) {
    snapshot().forEach(action);
  }

  @Override
  public Scan scan() {
    Iterator<Entry> left = snapshot().iterator();
    return new Scan() {
      @Override
      public boolean next(int most, Consumer<Entry> action) {
        for (int i = 0; i < most && left.hasNext(); i++) {
          action.accept(left.next());
        }
        return left.hasNext();
      }

      @Override
      public void close() {
        // nothing to free
      }
    };
  }

  private synchronized List<Entry> snapshot() {
    List<Entry> snapshot = new ArrayList<>(entries.size());
    entries.forEach((flow, remembered) -> snapshot.add(entry(flow, remembered)));
    return snapshot;
  }

  @Override
  public synchronized long removeIf(Predicate<Entry> condition) {
    long before = entries.size();
    entries.entrySet().removeIf(each -> condition.test(entry(each.getKey(), each.getValue())));
    return before - entries.size();
  }

  private Entry entry(FiveTuple flow, Remembered remembered) {
    return new Entry(
        flow, remembered.backend(), remembered.vip(), clock.getAsLong() - remembered.lastUsed());
  }

  private static final class LeastRecentlyUsedFirst extends LinkedHashMap<FiveTuple, Remembered> {

    private static final long serialVersionUID = 1L;

    private final int capacity;

    LeastRecentlyUsedFirst(int capacity) {
      this.capacity = capacity;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<FiveTuple, Remembered> eldest) {
      return size() > capacity;
    }
  }
}
