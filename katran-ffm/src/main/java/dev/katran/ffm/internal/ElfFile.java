package dev.katran.ffm.internal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Checks whether a file is a complete BPF object. libelf trusts the headers, so truncated and
 * foreign files are detected here, with a message that names the problem.
 *
 * @since 0.1.0
 */
public final class ElfFile {

  /** The size of {@code Elf64_Ehdr}. */
  private static final int HEADER_SIZE = 64;

  /** The size of {@code Elf64_Shdr}. */
  private static final int SECTION_HEADER_SIZE = 64;

  private static final byte[] MAGIC = {0x7f, 'E', 'L', 'F'};

  // From elf.h, see elf(5).
  private static final int ELFCLASS64 = 2;
  private static final int ELFDATA2LSB = 1;
  private static final int EM_BPF = 247;
  private static final int SHT_NOBITS = 8;

  private final MemorySegment file;
  private final ByteOrder order;

  private ElfFile(MemorySegment file) {
    this.file = file;
    this.order =
        file.get(ValueLayout.JAVA_BYTE, 5) == ELFDATA2LSB
            ? ByteOrder.LITTLE_ENDIAN
            : ByteOrder.BIG_ENDIAN;
  }

  /** Returns why {@code bytes} is not a complete BPF object; empty if it is one. */
  public static Optional<String> problem(MemorySegment bytes) {
    if (bytes.byteSize() < HEADER_SIZE
        || MemorySegment.mismatch(
                bytes, 0, MAGIC.length, MemorySegment.ofArray(MAGIC), 0, MAGIC.length)
            >= 0) {
      return Optional.of("not an ELF file (" + bytes.byteSize() + " bytes)");
    }
    return new ElfFile(bytes).problem();
  }

  private Optional<String> problem() {
    if (file.get(ValueLayout.JAVA_BYTE, 4) != ELFCLASS64 || u16(18) != EM_BPF) {
      return Optional.of("an ELF file for another machine, not for BPF");
    }
    long headers = i64(40);
    int sections = u16(60);
    if (u16(58) != SECTION_HEADER_SIZE
        || !contains(headers, (long) sections * SECTION_HEADER_SIZE)) {
      return truncated("the section header table");
    }
    for (int i = 0; i < sections; i++) {
      long header = headers + (long) i * SECTION_HEADER_SIZE;
      if (i32(header + 4) != SHT_NOBITS && !contains(i64(header + 24), i64(header + 32))) {
        return truncated("section " + i);
      }
    }
    return Optional.empty();
  }

  private Optional<String> truncated(String what) {
    return Optional.of("truncated: " + what + " exceeds the file's " + file.byteSize() + " bytes");
  }

  private boolean contains(long offset, long size) {
    return offset >= 0 && size >= 0 && offset <= file.byteSize() - size;
  }

  private int u16(long offset) {
    return Short.toUnsignedInt(file.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order), offset));
  }

  private int i32(long offset) {
    return file.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(order), offset);
  }

  private long i64(long offset) {
    return file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order), offset);
  }
}
