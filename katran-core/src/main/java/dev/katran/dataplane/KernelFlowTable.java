package dev.katran.dataplane;

import dev.katran.bpf.generated.katran_flow;
import dev.katran.bpf.generated.katran_flow_entry;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapCursor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The flow table in the kernel: one map that all CPUs share, and those of single CPUs. */
final class KernelFlowTable implements FlowTable {

  /** How many entries are read in one system call. */
  private static final int BATCH = 4096;

  private final Supplier<List<BpfMap>> maps;

  /** A view of the maps that there are when it is asked. */
  KernelFlowTable(Supplier<List<BpfMap>> maps) {
    this.maps = maps;
  }

  @Override
  public @Nullable Entry get(FiveTuple flow) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = key(arena, flow);
      MemorySegment value = arena.allocate(katran_flow_entry.layout());
      for (BpfMap map : maps.get()) {
        if (map.lookup(key, value)) {
          return entry(flow, value, System.nanoTime());
        }
      }
      return null;
    }
  }

  @Override
  public boolean remove(FiveTuple flow) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = key(arena, flow);
      boolean removed = false;
      for (BpfMap map : maps.get()) {
        removed |= map.delete(key);
      }
      return removed;
    }
  }

  private static MemorySegment key(Arena arena, FiveTuple flow) {
    MemorySegment key = arena.allocate(katran_flow.layout());
    Abi.writeFlow(key, flow);
    return key;
  }

  @Override
  public void forEach(Consumer<Entry> action) {
    try (Scan scan = scan()) {
      while (scan.next(Integer.MAX_VALUE, action)) {
        // goes on
      }
    }
  }

  @Override
  public Scan scan() {
    return new KernelScan(maps.get());
  }

  /** One map after the other, in batches. */
  private static final class KernelScan implements Scan {

    private final Iterator<BpfMap> left;
    private @Nullable MapCursor cursor;

    KernelScan(List<BpfMap> maps) {
      left = maps.iterator();
    }

    @Override
    public boolean next(int most, Consumer<Entry> action) {
      int shown = 0;
      while (shown < most) {
        if (cursor == null) {
          if (!left.hasNext()) {
            return false;
          }
          cursor = left.next().entries(BATCH);
        }
        int count = cursor.next();
        if (count == 0) {
          close();
        }
        long now = System.nanoTime();
        for (int i = 0; i < count; i++) {
          action.accept(entry(Abi.readFlow(cursor.key(i)), cursor.value(i), now));
        }
        shown += count;
      }
      return true;
    }

    @Override
    public void close() {
      if (cursor != null) {
        cursor.close();
        cursor = null;
      }
    }
  }

  @Override
  public long removeIf(Predicate<Entry> condition) {
    long removed = 0;
    for (BpfMap map : maps.get()) {
      try (MapCursor cursor = map.entries(BATCH)) {
        for (int count = cursor.next(); count > 0; count = cursor.next()) {
          long now = System.nanoTime();
          for (int i = 0; i < count; i++) {
            Entry entry = entry(Abi.readFlow(cursor.key(i)), cursor.value(i), now);
            if (condition.test(entry) && map.delete(cursor.key(i))) {
              removed++;
            }
          }
        }
      }
    }
    return removed;
  }

  /** Forgets all flows. */
  void clear() {
    removeIf(entry -> true);
  }

  private static Entry entry(FiveTuple flow, MemorySegment value, long now) {
    return new Entry(
        flow,
        katran_flow_entry.backend(value),
        katran_flow_entry.vip(value),
        Math.max(0, now - katran_flow_entry.last_used(value)));
  }
}
