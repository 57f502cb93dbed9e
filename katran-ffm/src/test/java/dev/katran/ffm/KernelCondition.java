package dev.katran.ffm;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Enables {@link KernelTest}s if this process has the capabilities and libbpf. */
final class KernelCondition implements ExecutionCondition {

  // Bits of the capability sets, from linux/capability.h.
  private static final long CAP_NET_ADMIN = 1L << 12;
  private static final long CAP_SYS_ADMIN = 1L << 21;
  private static final long CAP_BPF = 1L << 39;

  private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return missing()
        .map(KernelCondition::skip)
        .orElseGet(() -> enabled("this machine runs kernel tests"));
  }

  /** Skips a test and prints the reason once; fails it if skips are forbidden. */
  static ConditionEvaluationResult skip(String reason) {
    if ("1".equals(System.getenv("KATRAN_FORBID_SKIPS"))
        || Boolean.getBoolean("katran.forbidSkips")) {
      throw new AssertionError("cannot skip, skips are forbidden: " + reason);
    }
    if (REPORTED.add(reason)) {
      System.out.println("skipped: " + reason);
    }
    return disabled(reason);
  }

  private static Optional<String> missing() {
    long capabilities = effectiveCapabilities();
    if ((capabilities & (CAP_BPF | CAP_SYS_ADMIN)) == 0 || (capabilities & CAP_NET_ADMIN) == 0) {
      return Optional.of("kernel tests need root or CAP_BPF+CAP_NET_ADMIN");
    }
    try {
      LibbpfLibrary.ensureLoaded();
      return Optional.empty();
    } catch (LibbpfUnavailableException e) {
      return Optional.of("kernel tests need libbpf: " + e.getMessage());
    }
  }

  /** Returns the effective capabilities of this process; none on other systems than Linux. */
  private static long effectiveCapabilities() {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("CapEff:"))
          .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
