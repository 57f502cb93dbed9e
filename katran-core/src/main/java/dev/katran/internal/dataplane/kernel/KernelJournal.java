package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.dataplane.Journal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A journal in a pinned map of its own. Each record is preceded by its length and a checksum. The
 * length is written last, so a process that is killed leaves no half of a record. To replace all
 * records, another map is filled and pinned in place of the first one.
 */
final class KernelJournal implements Journal, AutoCloseable {

  /** The name of the map's pin. */
  static final String NAME = "control";

  /** The records are in elements of this size, which follow each other in memory. */
  private static final int ELEMENT = 4096;

  /** The bytes before a record: its length, plus 1, and its checksum. */
  private static final int HEADER = 2 * Integer.BYTES;

  private static final int ALIGNMENT = 8;

  private static final VarHandle LENGTH = ValueLayout.JAVA_INT.varHandle();

  private final MapPins pins;
  private @Nullable BpfMap map;
  private MemorySegment memory = MemorySegment.NULL;

  /** The end of the records. */
  private long end;

  private KernelJournal(MapPins pins) {
    this.pins = pins;
  }

  /** Opens the journal. If it is not pinned, it is empty, and is created with the first records. */
  static KernelJournal open(MapPins pins) {
    KernelJournal journal = new KernelJournal(pins);
    if (pins.contains(NAME)) {
      journal.use(pins.open(NAME));
      journal.read(); // finds the end
    }
    return journal;
  }

  private void use(BpfMap next) {
    BpfMap before = map;
    map = next;
    memory = next.mmap();
    if (before != null) {
      before.close();
    }
  }

  @Override
  public List<byte[]> read() {
    List<byte[]> records = new ArrayList<>();
    long offset = 0;
    while (offset + HEADER <= memory.byteSize()) {
      int length = (int) LENGTH.getAcquire(memory, offset) - 1;
      if (length < 0) {
        break;
      }
      if (offset + size(length) > memory.byteSize()) {
        throw pins.damaged("a record of %s has %d bytes".formatted(NAME, length));
      }
      byte[] record = memory.asSlice(offset + HEADER, length).toArray(ValueLayout.JAVA_BYTE);
      if (memory.get(ValueLayout.JAVA_INT, offset + Integer.BYTES) != checksum(record)) {
        throw pins.damaged("the checksum of a record of %s is wrong".formatted(NAME));
      }
      records.add(record);
      offset += size(length);
    }
    end = offset;
    return records;
  }

  @Override
  public long room() {
    return memory.byteSize() - end;
  }

  @Override
  public void append(byte[] record) {
    if (size(record.length) > room()) {
      throw new IllegalArgumentException(
          "a record of %d bytes, room for %d".formatted(record.length, room()));
    }
    write(memory, end, record);
    end += size(record.length);
  }

  @Override
  public void replace(List<byte[]> records, long room) {
    long bytes = records.stream().mapToLong(record -> size(record.length)).sum() + room;
    int elements = Math.toIntExact(Math.ceilDiv(bytes, ELEMENT));
    BpfMap next =
        KernelCalls.get(() ->
            MapCreation.create(
                MapSpec.array(NAME)
                    .valueSize(ELEMENT)
                    .maxEntries(elements)
                    .flags(BpfConstants.BPF_F_MMAPABLE)));
    long offset = 0;
    try {
      MemorySegment target = next.mmap();
      for (byte[] record : records) {
        write(target, offset, record);
        offset += size(record.length);
      }
      KernelCalls.run(() -> pins.replace(NAME, next));
    } catch (RuntimeException | Error e) {
      next.close();
      throw e;
    }
    use(next);
    end = offset;
  }

  private static void write(MemorySegment target, long offset, byte[] record) {
    MemorySegment.copy(record, 0, target, ValueLayout.JAVA_BYTE, offset + HEADER, record.length);
    target.set(ValueLayout.JAVA_INT, offset + Integer.BYTES, checksum(record));
    LENGTH.setRelease(target, offset, record.length + 1);
  }

  private static long size(int length) {
    return Math.ceilDiv((long) HEADER + length, ALIGNMENT) * ALIGNMENT;
  }

  private static int checksum(byte[] record) {
    CRC32C checksum = new CRC32C();
    checksum.update(record);
    return (int) checksum.getValue();
  }

  @Override
  public void close() {
    if (map != null) {
      map.close();
    }
  }
}
