package dev.katran.internal.platform;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ContiguousSet;
import com.google.common.collect.ImmutableSortedSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The numbers of CPUs or NUMA nodes, which need not be contiguous.
 *
 * @param text the kernel's list format, such as {@code 0-3,8}
 * @param ids the numbers in it
 */
public record IdList(String text, ImmutableSortedSet<Integer> ids) {

  /** The CPUs that the kernel has room for. */
  public static final Path POSSIBLE_CPUS = Path.of("/sys/devices/system/cpu/possible");

  /** The CPUs that run. */
  static final Path ONLINE_CPUS = Path.of("/sys/devices/system/cpu/online");

  /** The NUMA nodes; the file does not exist if the kernel was built without NUMA. */
  public static final Path ONLINE_NODES = Path.of("/sys/devices/system/node/online");

  private static final int MAX_DIGITS = 5;

  /** Reads a list; empty if the file does not exist or has another format. */
  public static Optional<IdList> read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Parses a list; empty if it has another format. */
  static Optional<IdList> parse(String text) {
    ImmutableSortedSet.Builder<Integer> ids = ImmutableSortedSet.naturalOrder();
    for (String range : Splitter.on(',').split(text.strip())) {
      int dash = range.indexOf('-');
      String first = dash < 0 ? range : range.substring(0, dash);
      String last = range.substring(dash + 1);
      if (!isNumber(first) || !isNumber(last) || Integer.parseInt(first) > Integer.parseInt(last)) {
        return Optional.empty();
      }
      ids.addAll(ContiguousSet.closed(Integer.parseInt(first), Integer.parseInt(last)));
    }
    return Optional.of(new IdList(text.strip(), ids.build()));
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_DIGITS
        && CharMatcher.inRange('0', '9').matchesAllOf(text);
  }
}
