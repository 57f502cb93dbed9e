package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Journal;
import java.util.ArrayList;
import java.util.List;

/** A journal on the heap, for a dataplane that is used by one control plane after another. */
public final class HeapJournal implements Journal {

  private static final int PER_RECORD = 16;

  private List<byte[]> records = List.of();
  private long room;

  /** Creates an empty journal. */
  public HeapJournal() {}

  @Override
  public List<byte[]> read() {
    return records.stream().map(byte[]::clone).toList();
  }

  @Override
  public long room() {
    return room;
  }

  @Override
  public void append(byte[] record) {
    if (record.length + PER_RECORD > room) {
      throw new IllegalArgumentException(
          "a record of %d bytes, room for %d".formatted(record.length, room));
    }
    List<byte[]> next = new ArrayList<>(records);
    next.add(record.clone());
    records = next;
    room -= record.length + PER_RECORD;
  }

  @Override
  public void replace(List<byte[]> replacement, long roomAfter) {
    records = replacement.stream().map(byte[]::clone).toList();
    room = roomAfter;
  }
}
