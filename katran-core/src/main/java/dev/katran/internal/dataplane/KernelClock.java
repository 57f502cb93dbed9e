package dev.katran.internal.dataplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The clock of the kernel's programs, CLOCK_MONOTONIC, which is the same for all processes of a
 * machine. In a time namespace (time_namespaces(7)), such as a container may have, {@link
 * System#nanoTime} is ahead of it or behind.
 */
public final class KernelClock {

  private static final Path OFFSETS = Path.of("/proc/self/timens_offsets");
  private static final String MONOTONIC = "monotonic";
  private static final long OFFSET = offset();

  private KernelClock() {}

  /** Returns the time since the machine started, in nanoseconds. */
  public static long nanoTime() {
    return System.nanoTime() - OFFSET;
  }

  private static long offset() {
    try {
      return offset(Files.readAllLines(OFFSETS));
    } catch (IOException e) {
      return 0; // no Linux, or one without time namespaces
    }
  }

  /** Returns how far the clock of this namespace is ahead, in nanoseconds. */
  static long offset(List<String> lines) {
    for (String line : lines) {
      String[] words = line.strip().split(" +", -1);
      if (words[0].equals(MONOTONIC)) {
        return TimeUnit.SECONDS.toNanos(Long.parseLong(words[1])) + Long.parseLong(words[2]);
      }
    }
    return 0;
  }
}
