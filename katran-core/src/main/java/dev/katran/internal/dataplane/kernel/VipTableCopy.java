package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_vip_entry;
import dev.katran.bpf.generated.katran_vip_key;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.kernel.PinnedLayout.VipTableLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Builds the table of VIPs anew from that of another version, whose entries may be elsewhere. */
final class VipTableCopy {

  private static final String FAMILY = "key.family";

  private final VipTableLayout table;
  private final StructLayout fields;
  private final StructLayout wanted;

  VipTableCopy(PinnedLayout before, PinnedLayout after) {
    this.table = before.vipTable();
    this.fields = before.value("vips").orElseThrow();
    this.wanted = after.value("vips").orElseThrow();
  }

  /** Passes each entry to an action, in the other version's layout. */
  void forEach(BpfMap old, Consumer<MemorySegment> action) {
    MemorySegment memory = old.mmap();
    long lines = (long) old.maxEntries() * old.valueSize() / table.line();
    for (long line = table.first(); line < lines; line++) {
      for (int i = 0; i < table.perLine(); i++) {
        MemorySegment entry =
            memory.asSlice(line * table.line() + i * fields.size(), fields.size());
        if (!fields.isZero(entry, FAMILY)) {
          action.accept(entry);
        }
      }
    }
  }

  /**
   * Copies the entries into an empty table.
   *
   * @throws IllegalArgumentException if they do not fit
   */
  void copy(BpfMap old, BpfMap created) {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> entries = new ArrayList<>();
      forEach(
          old,
          entry -> {
            MemorySegment copy = arena.allocate(katran_vip_entry.layout());
            fields.copy(entry, copy, wanted);
            entries.add(copy);
          });
      long lines = (long) created.maxEntries() * created.valueSize() / katran_vip_line.sizeof();
      write(created.map(arena), entries, (int) lines - Katran.KATRAN_FIRST_VIP_LINE());
    }
  }

  private static void write(MemorySegment memory, List<MemorySegment> entries, int lines) {
    List<int[]> keys =
        entries.stream()
            .map(entry ->
                katran_vip_entry
                    .key(entry)
                    .asSlice(0, katran_vip_key.sizeof())
                    .toArray(ValueLayout.JAVA_INT))
            .toList();
    CuckooTable placed = CuckooTable.of(keys, lines);
    KernelVips.writeHash(memory, placed);
    for (int line = 0; line < lines; line++) {
      for (int i = 0; i < Katran.KATRAN_VIPS_PER_LINE(); i++) {
        int index = placed.keyAt(line, i);
        if (index != CuckooTable.FREE) {
          MemorySegment target =
              katran_vip_line.asSlice(memory, Katran.KATRAN_FIRST_VIP_LINE() + line);
          katran_vip_line.entries(target, i).copyFrom(entries.get(index));
        }
      }
    }
  }
}
