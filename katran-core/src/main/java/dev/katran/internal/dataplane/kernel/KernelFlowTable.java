package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.katran_flow;
import dev.katran.bpf.generated.katran_flow_entry;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapCursor;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.packet.FiveTuple;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The flow table in the kernel: the shared map and the maps of single CPUs. */
final class KernelFlowTable implements FlowTable {

  /** The number of entries read per system call. */
  private static final int BATCH = 4096;

  private final Supplier<List<BpfMap>> maps;

  /** Creates a view of the maps that exist at the time of each operation. */
  KernelFlowTable(Supplier<List<BpfMap>> maps) {
    this.maps = maps;
  }

  @Override
  public @Nullable Entry get(FiveTuple flow) {
    return KernelCalls.<Optional<Entry>>get(() -> find(flow)).orElse(null);
  }

  private Optional<Entry> find(FiveTuple flow) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = key(arena, flow);
      MemorySegment value = arena.allocate(katran_flow_entry.layout());
      for (BpfMap map : maps.get()) {
        if (map.lookup(key, value)) {
          return Optional.of(entry(flow, value, System.nanoTime()));
        }
      }
      return Optional.empty();
    }
  }

  @Override
  public boolean remove(FiveTuple flow) {
    return KernelCalls.get(() -> delete(flow));
  }

  private boolean delete(FiveTuple flow) {
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
        // next() processes the entries
      }
    }
  }

  @Override
  public Scan scan() {
    return new KernelScan(maps.get());
  }

  /** Scans one map after the other, in batches. Any thread may take the next step. */
  private static final class KernelScan implements Scan {

    private final Iterator<BpfMap> remaining;
    private @Nullable MapCursor cursor;

    KernelScan(List<BpfMap> maps) {
      remaining = maps.iterator();
    }

    @Override
    public boolean next(int count, Consumer<Entry> action) {
      try (Arena arena = Arena.ofConfined()) {
        if (cursor != null) {
          cursor.moveTo(arena);
        }
        return next(count, action, arena);
      }
    }

    private boolean next(int count, Consumer<Entry> action, Arena arena) {
      int passed = 0;
      while (passed < count) {
        MapCursor current = cursor;
        if (current == null) {
          if (!remaining.hasNext()) {
            return false;
          }
          current = remaining.next().entries(BATCH, arena);
          cursor = current;
        }
        int read = KernelCalls.get(current::next);
        if (read == 0) {
          cursor = null;
        }
        long now = System.nanoTime();
        for (int i = 0; i < read; i++) {
          action.accept(entry(Abi.readFlow(current.key(i)), current.value(i), now));
        }
        passed += read;
      }
      return true;
    }

    @Override
    public void close() {
      // Between two steps a scan holds neither memory nor a descriptor.
    }
  }

  @Override
  public long removeIf(Predicate<Entry> condition) {
    return KernelCalls.get(() -> deleteIf(condition));
  }

  private long deleteIf(Predicate<Entry> condition) {
    long removed = 0;
    for (BpfMap map : maps.get()) {
      try (Arena arena = Arena.ofConfined()) {
        MapCursor cursor = map.entries(BATCH, arena);
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

  /** Removes all flows. */
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
