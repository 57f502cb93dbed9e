package dev.katran.ffm.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** What the kernel tells about a file descriptor, in {@code /proc/self/fdinfo}. */
public final class FdInfo {

  private final List<String> lines;

  private FdInfo(List<String> lines) {
    this.lines = lines;
  }

  /** Reads what there is to say about {@code fd} now. */
  public static FdInfo of(int fd) {
    try {
      return new FdInfo(Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there is a line for {@code field}, such as {@code "map_type"}. */
  public boolean has(String field) {
    return lines.stream().anyMatch(line -> line.startsWith(field + ":"));
  }

  /** The number in the line of {@code field}, such as {@code "memlock"}; empty without one. */
  public OptionalLong number(String field) {
    return lines.stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(field.length() + 1).strip()))
        .findFirst();
  }
}
