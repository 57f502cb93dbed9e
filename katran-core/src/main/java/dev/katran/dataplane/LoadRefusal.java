package dev.katran.dataplane;

import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import dev.katran.ffm.NativeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Why the kernel does not load a program. It says no more than EPERM to a process that has the
 * capabilities, and may yet not use them.
 */
final class LoadRefusal {

  private static final Path STATUS = Path.of("/proc/thread-self/status");
  private static final Path UID_MAP = Path.of("/proc/self/uid_map");

  private static final String EPERM = "EPERM";
  private static final String ENOSYS = "ENOSYS";

  /** The user namespace that the machine starts with maps every user to itself. */
  private static final Pattern FIRST_USER_NAMESPACE = Pattern.compile("0\\s+0\\s+4294967295");

  /** SECCOMP_MODE_FILTER: programs of somebody else's decide about system calls. */
  private static final Pattern SECCOMP_FILTER =
      Pattern.compile("^Seccomp:\\s*2$", Pattern.MULTILINE);

  /** Linux 5.11 ceased to count maps and programs as locked memory. */
  private static final KernelVersion COUNTS_NO_LOCKED_MEMORY = new KernelVersion(5, 11);

  private LoadRefusal() {}

  /**
   * The exception that says what to change.
   *
   * @param failed what was not done, such as {@code "cannot load the program"}
   */
  static LoadBalancerException explain(String failed, NativeException refusal) {
    String message = failed + ": " + refusal.getMessage();
    return switch (refusal.errnoName()) {
      case EPERM ->
          new MissingCapabilityException(
              message
                  + ", although this process has the capabilities: "
                  + reason(read(UID_MAP), read(STATUS), System.getProperty("os.version")),
              refusal);
      case ENOSYS ->
          new UnsupportedKernelException(
              message
                  + ": this kernel, Linux %s, has no bpf(2); it must be built with CONFIG_BPF_SYSCALL"
                      .formatted(System.getProperty("os.version")),
              refusal);
      default -> new LoadBalancerException(message, refusal);
    };
  }

  static String reason(String uidMap, String status, String release) {
    if (!uidMap.isBlank() && !FIRST_USER_NAMESPACE.matcher(uidMap.strip()).matches()) {
      return "they are those of a user namespace; run it outside, in a container of an engine that"
          + " is neither rootless nor remaps users";
    }
    if (KernelVersion.of(release).filter(LoadRefusal::countsLockedMemory).isPresent()) {
      return "before Linux 5.11 it also needs to lock memory; raise the limit (ulimit -l), of a"
          + " container with --ulimit memlock=-1";
    }
    if (SECCOMP_FILTER.matcher(status).find()) {
      return "it is under a seccomp filter, which must allow bpf(2); run its container with"
          + " --security-opt seccomp=unconfined or a profile that does";
    }
    return "a security module or the kernel's lockdown forbids it; the kernel's log says which";
  }

  private static boolean countsLockedMemory(KernelVersion version) {
    return version.isOlderThan(COUNTS_NO_LOCKED_MEMORY);
  }

  /** What a file says; nothing where there is no /proc. */
  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
