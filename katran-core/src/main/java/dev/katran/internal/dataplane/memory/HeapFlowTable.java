package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.packet.FiveTuple;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A flow table on the heap. If it is full, inserting evicts the least recently used entry. */
final class HeapFlowTable implements FlowTable {

  /**
   * The stored state of a flow.
   *
   * @param backend the backend's index
   * @param vip the VIP's index
   * @param lastUsed the time of the flow's last packet, by the table's clock
   */
  record FlowState(int backend, int vip, long lastUsed) {}

  private final Map<FiveTuple, FlowState> entries;
  private final LongSupplier clock;

  HeapFlowTable(int capacity, LongSupplier clock) {
    this.entries = new LeastRecentlyUsedFirst(capacity);
    this.clock = clock;
  }

  /** Returns the state of a flow, or null. Does not count as a use of the entry. */
  synchronized @Nullable FlowState find(FiveTuple flow) {
    return entries.get(flow);
  }

  /** Inserts or replaces the state of a flow and makes it the most recently used one. */
  synchronized void put(FiveTuple flow, FlowState state) {
    // replacing a value would keep its position; the end is the most recently used one
    entries.remove(flow);
    entries.put(flow, state);
  }

  /** Removes all entries. */
  synchronized void clear() {
    entries.clear();
  }

  @Override
  public @Nullable Entry get(FiveTuple flow) {
    FlowState state = find(flow);
    return state == null ? null : entry(flow, state);
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
    List<Entry> snapshot = new ArrayList<>(entries.size());
    entries.forEach((flow, state) -> snapshot.add(entry(flow, state)));
    return snapshot;
  }

  @Override
  public synchronized long removeIf(Predicate<Entry> condition) {
    long before = entries.size();
    entries.entrySet().removeIf(each -> condition.test(entry(each.getKey(), each.getValue())));
    return before - entries.size();
  }

  private Entry entry(FiveTuple flow, FlowState state) {
    return new Entry(flow, state.backend(), state.vip(), clock.getAsLong() - state.lastUsed());
  }

  /** A map in order of use that evicts its first entry if its capacity is exceeded. */
  private static final class LeastRecentlyUsedFirst extends LinkedHashMap<FiveTuple, FlowState> {

    private static final long serialVersionUID = 1L;

    private final int capacity;

    LeastRecentlyUsedFirst(int capacity) {
      this.capacity = capacity;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<FiveTuple, FlowState> eldest) {
      return size() > capacity;
    }
  }
}
