package dev.katran.ffm.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * The contents of {@code /proc/self/fdinfo} for one file descriptor, see proc_pid_fdinfo(5).
 *
 * @since 0.1.0
 */
public final class FdInfo {

  private final List<String> lines;

  private FdInfo(List<String> lines) {
    this.lines = lines;
  }

  /** Reads the current contents for {@code fd}. */
  public static FdInfo of(int fd) {
    try {
      return new FdInfo(Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)));
    } catch (IOException e) {
      throw new UncheckedIOException("read fdinfo of file descriptor " + fd, e);
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
}
