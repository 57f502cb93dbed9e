package dev.katran.internal.platform;

import dev.katran.ffm.Errno;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.ProcessLimits;
import dev.katran.internal.failure.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Converts errors of system calls to failures, and says what has run out if something has. */
public final class Refusal {

  private static final Path CGROUP_OF_PROCESS = Path.of("/proc/self/cgroup");
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

  /** The prefix of the line for cgroup v2, see cgroups(7). */
  private static final String UNIFIED = "0::";

  private Refusal() {}

  /** Converts an error. */
  public static Failure of(NativeException refusal) {
    return of(refusal.getMessage(), refusal);
  }

  /** Converts an error. {@code message} includes that of the error. */
  public static Failure of(String message, NativeException refusal) {
    return of(message, refusal, "");
  }

  /**
   * Converts an error. {@code message} includes that of the error.
   *
   * @param toLower what takes less memory if it is lowered, such as {@code Limits.flowTableSize};
   *     or an empty string
   */
  public static Failure of(String message, NativeException refusal, String toLower) {
    return switch (refusal.errno()) {
      case Errno.EMFILE -> exhausted(message, openFiles(ProcessLimits.openFiles()), refusal);
      case Errno.ENFILE ->
          exhausted(
              message, "the whole system has too many open files; raise fs.file-max", refusal);
      case Errno.ENOMEM ->
          exhausted(message, memory(memoryLimit(CGROUPS, ownCgroup()), toLower), refusal);
      default -> new Failure(Failure.Kind.REFUSED, message, refusal);
    };
  }

  private static Failure exhausted(String message, String advice, NativeException refusal) {
    return new Failure(Failure.Kind.EXHAUSTED, message + "; " + advice, refusal);
  }

  static String openFiles(long limit) {
    return "this process may have %d files open; raise that by ulimit -n".formatted(limit)
        + " (systemd: LimitNOFILE=, Docker: --ulimit nofile=)";
  }

  static String memory(OptionalLong limit, String toLower) {
    String raise =
        limit.isPresent()
            ? "the kernel's tables count towards the memory limit of this process's cgroup, which is"
                + " %,d bytes; raise that limit".formatted(limit.getAsLong())
            : "the machine has too little free memory for it; free some";
    return toLower.isEmpty() ? raise : raise + ", or lower " + toLower;
  }

  /** Returns this process's cgroup, such as {@code /system.slice/lb.service}; or {@code /}. */
  private static String ownCgroup() {
    try {
      return Files.readAllLines(CGROUP_OF_PROCESS).stream()
          .filter(line -> line.startsWith(UNIFIED))
          .map(line -> line.substring(UNIFIED.length()))
          .findFirst()
          .orElse("/");
    } catch (IOException e) {
      return "/";
    }
  }

  /** Returns the lowest memory limit of a cgroup and those around it; empty if there is none. */
  static OptionalLong memoryLimit(Path root, String cgroup) {
    OptionalLong lowest = OptionalLong.empty();
    Path group = root.resolve(cgroup.substring(1)).normalize();
    for (; group != null && group.startsWith(root); group = group.getParent()) {
      OptionalLong own = readLimit(group.resolve("memory.max"));
      if (own.isPresent() && (lowest.isEmpty() || own.getAsLong() < lowest.getAsLong())) {
        lowest = own;
      }
    }
    return lowest;
  }

  /** Reads a limit; empty for {@code max}, or if the file does not exist. */
  private static OptionalLong readLimit(Path file) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
