package dev.katran.internal.platform;

import dev.katran.ffm.NativeException;
import dev.katran.internal.failure.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Explains why the kernel does not load a program. To a process that has the capabilities but is
 * not allowed to use them, the kernel only returns EPERM.
 */
public final class LoadFailure {

  private static final Path STATUS = Path.of("/proc/thread-self/status");
  private static final Path UID_MAP = Path.of("/proc/self/uid_map");

  private static final String EPERM = "EPERM";
  private static final String ENOSYS = "ENOSYS";

  /** The uid_map of the initial user namespace, which maps every user to itself. */
  private static final Pattern INITIAL_USER_NAMESPACE = Pattern.compile("0\\s+0\\s+4294967295");

  /** SECCOMP_MODE_FILTER: a filter program decides about system calls. */
  private static final Pattern SECCOMP_FILTER =
      Pattern.compile("^Seccomp:\\s*2$", Pattern.MULTILINE);

  /** Since Linux 5.11, maps and programs do not count as locked memory. */
  private static final KernelVersion WITHOUT_LOCKED_MEMORY = new KernelVersion(5, 11);

  private LoadFailure() {}

  /**
   * Returns an exception that says what to change.
   *
   * @param failed the failed operation, such as {@code "cannot load the program"}
   */
  public static Failure explain(String failed, NativeException refusal) {
    String message = failed + ": " + refusal.getMessage();
    return switch (refusal.errnoName()) {
      case EPERM ->
          new Failure(
              Failure.Kind.MISSING_CAPABILITY,
              message
                  + ", although this process has the capabilities: "
                  + reason(read(UID_MAP), read(STATUS), System.getProperty("os.version")),
              refusal);
      case ENOSYS ->
          new Failure(
              Failure.Kind.UNSUPPORTED_KERNEL,
              message
                  + ": this kernel, Linux %s, has no bpf(2); use one built with CONFIG_BPF_SYSCALL"
                      .formatted(System.getProperty("os.version")),
              refusal);
      default ->
          KernelFeature.explain(Refusal.of(message, refusal), System.getProperty("os.version"));
    };
  }

  static String reason(String uidMap, String status, String release) {
    if (!uidMap.isBlank() && !INITIAL_USER_NAMESPACE.matcher(uidMap.strip()).matches()) {
      return "they only apply to its user namespace; run it in the initial user namespace, or in a"
          + " container whose engine is neither rootless nor remaps users";
    }
    if (KernelVersion.of(release).filter(LoadFailure::countsLockedMemory).isPresent()) {
      return "before Linux 5.11 it also needs locked memory; raise the limit with ulimit -l, or run its"
          + " container with --ulimit memlock=-1";
    }
    if (SECCOMP_FILTER.matcher(status).find()) {
      return "it is under a seccomp filter, which must allow bpf(2); run its container with"
          + " --security-opt seccomp=unconfined or a profile that does";
    }
    return "a security module or kernel lockdown forbids it; see the kernel log";
  }

  private static boolean countsLockedMemory(KernelVersion version) {
    return version.isOlderThan(WITHOUT_LOCKED_MEMORY);
  }

  /** Returns the content of a file; empty if /proc is not mounted. */
  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
