package dev.katran.internal.platform;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Names the process that has locked a directory, for messages. */
final class LockHolder {

  private static final Path LOCKS = Path.of("/proc/locks");

  // The columns of /proc/locks, see proc_locks(5).
  private static final int TYPE = 1;
  private static final int ACCESS = 3;
  private static final int PID = 4;
  private static final int INODE = 5;

  private LockHolder() {}

  /** Returns the process that has locked an inode, such as {@code "process 4711 (java)"}. */
  static String of(String inode) {
    try (var lines = Files.lines(LOCKS)) {
      OptionalLong pid = pidOf(inode, lines.toList());
      if (pid.isPresent()) {
        return describe(pid.getAsLong());
      }
    } catch (IOException e) {
      // Without /proc/locks the process is unknown.
    }
    return "a process that cannot be seen from here, for example in another container";
  }

  /** The kernel leaves out locks of processes that the reader's PID namespace does not contain. */
  static OptionalLong pidOf(String inode, List<String> locks) {
    return locks.stream()
        .map(line -> Splitter.on(' ').omitEmptyStrings().splitToList(line))
        .filter(columns -> columns.size() > INODE)
        .filter(columns -> columns.get(TYPE).equals("FLOCK"))
        .filter(columns -> columns.get(ACCESS).equals("WRITE"))
        .filter(columns -> columns.get(INODE).equals(inode))
        .mapToLong(columns -> Long.parseLong(columns.get(PID)))
        .findFirst();
  }

  private static String describe(long pid) {
    if (pid == ProcessHandle.current().pid()) {
      return "another balancer of this process";
    }
    try {
      String command = Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
      return "process %d (%s)".formatted(pid, command);
    } catch (IOException e) {
      return "process %d".formatted(pid);
    }
  }
}
