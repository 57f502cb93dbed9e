package dev.katran.ffm.internal;

import dev.katran.ffm.BpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;

/**
 * The contents of {@code /proc/self/fdinfo} for one file descriptor, see proc_pid_fdinfo(5).
 *
 * @since 0.1.0
 */
public final class FdInfo {

  /** More than the kernel prints for a map, a program or a link, which is less than 500 bytes. */
  private static final int MAX_SIZE = 4096;

  private final List<String> lines;

  private FdInfo(List<String> lines) {
    this.lines = lines;
  }

  /**
   * Reads the current contents for {@code fd}.
   *
   * @throws BpfException if the process has no descriptor left ({@code EMFILE}), /proc is not
   *     mounted ({@code ENOENT}), or the file cannot be read for another reason
   */
  public static FdInfo of(int fd) {
    String path = "/proc/self/fdinfo/" + fd;
    int file = LibC.open(path);
    if (file < 0) {
      throw new BpfException("open " + path, Native.errno());
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(MAX_SIZE);
      long size = LibC.read(file, text);
      if (size < 0) {
        throw new BpfException("read " + path, Native.errno());
      }
      byte[] bytes = text.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
      return new FdInfo(new String(bytes, StandardCharsets.US_ASCII).lines().toList());
    } finally {
      LibC.close(file);
    }
  }

  /** Returns whether there is a line for {@code field}, such as {@code "map_type"}. */
  public boolean has(String field) {
    return lines.stream().anyMatch(line -> line.startsWith(field + ":"));
  }

  /** Returns the number in the line for {@code field}, such as {@code "memlock"}, if any. */
  public OptionalLong number(String field) {
    return lines.stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(field.length() + 1).strip()))
        .findFirst();
  }

  /**
   * Returns the kernel memory of the map or program behind {@code fd} in bytes; 0 if it cannot be
   * read.
   */
  public static long memory(int fd) {
    try {
      return of(fd).number("memlock").orElse(0);
    } catch (BpfException e) {
      return 0;
    }
  }
}
