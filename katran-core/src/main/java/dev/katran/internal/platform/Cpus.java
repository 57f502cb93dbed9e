package dev.katran.internal.platform;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import dev.katran.ffm.BpfMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The CPUs of a machine. Virtual machines often have many more possible CPUs than they ever have
 * online: 64 to 240, so that some can be added while they run.
 *
 * @param possible the CPUs that the kernel has room for, greater than 0; BPF maps divide their
 *     per-CPU memory by these
 * @param online the CPUs that run, greater than 0, not more than the possible ones. Any of them may
 *     receive packets: a packet runs through a generic program on the CPU that RPS selects, and
 *     interrupts move from CPU to CPU, so the number of receive queues is no upper bound
 */
public record Cpus(int possible, int online) {

  private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");

  /**
   * Reads the CPUs of this machine. CPUs that come online later are not counted.
   *
   * @throws dev.katran.ffm.BpfException if sysfs cannot be read
   */
  public static Cpus ofThisMachine() {
    int possible = BpfMap.possibleCpus();
    try {
      return of(possible, Files.readString(ONLINE));
    } catch (IOException e) {
      return new Cpus(possible, possible);
    }
  }

  /** Returns CPUs of which those of a list are online; all, if the list has another format. */
  static Cpus of(int possible, String online) {
    int count = count(online.strip());
    return new Cpus(possible, count == 0 ? possible : Math.min(count, possible));
  }

  /**
   * Returns the number of CPUs in a list in the kernel's format, such as {@code 0-3,8}, or 0 if it
   * has another one.
   */
  private static int count(String list) {
    int count = 0;
    for (String range : Splitter.on(',').split(list)) {
      int dash = range.indexOf('-');
      String first = dash < 0 ? range : range.substring(0, dash);
      String last = range.substring(dash + 1);
      if (!isNumber(first) || !isNumber(last)) {
        return 0;
      }
      count += Math.max(0, Integer.parseInt(last) - Integer.parseInt(first) + 1);
    }
    return count;
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.length() < 6 && CharMatcher.inRange('0', '9').matchesAllOf(text);
  }
}
